// What all calls of an open volume share: the vfs, who asks, and what every call goes through.

import { Errno, FsError } from '../posix/errno.js'
import { type Place, resolvePath, resolvePlace } from '../vfs/resolve-path.js'
import type { Caller, Vfs } from '../vfs/vfs.js'
import type { Inode } from '../volume/inode.js'
import { bytesOf, textOf, type VolumePath } from './arguments.js'
import { asVolumeError, type CallFacts } from './errors.js'
import type { KeepAlive } from './keep-alive.js'

export class Session {
  readonly vfs: Vfs
  readonly caller: Caller
  readonly #alive: KeepAlive
  readonly #onClose = new Set<() => void>()
  #isClosed = false

  constructor(vfs: Vfs, caller: Caller, alive: KeepAlive) {
    this.vfs = vfs
    this.caller = caller
    this.#alive = alive
  }

  /** Carries out a call on one path; its errors say which. */
  at<T>(syscall: string, path: VolumePath, work: () => Promise<T>): Promise<T> {
    return this.run({ syscall, path: textOf(path) }, work)
  }

  /** A call on two. */
  between<T>(
    syscall: string,
    path: VolumePath,
    dest: VolumePath,
    work: () => Promise<T>,
  ): Promise<T> {
    return this.run({ syscall, path: textOf(path), dest: textOf(dest) }, work)
  }

  /**
   * A call by path. What another mount removes between the walk and the call is ESTALE: it is looked up once more,
   * as Linux does; nothing has been changed then.
   */
  async run<T>(facts: CallFacts, work: () => Promise<T>): Promise<T> {
    const again = (error: unknown) => {
      if (error instanceof FsError && error.errno === Errno.ESTALE) return work()
      throw error
    }
    return this.held(facts, () => work().catch(again))
  }

  /** A call on what is open already. */
  held<T>(facts: CallFacts, work: () => Promise<T>): Promise<T> {
    return this.#alive.during(async () => {
      try {
        if (this.#isClosed) throw new FsError(Errno.EBADF, 'the volume is closed')
        return await work()
      } catch (error) {
        throw asVolumeError(error, facts)
      }
    })
  }

  /** Somebody waits for what happens next. */
  waiting<T>(work: () => Promise<T>): Promise<T> {
    return this.#alive.during(work)
  }

  /** The inode behind a path. */
  find(path: VolumePath, followLast = true): Promise<Inode> {
    return resolvePath(this.vfs, this.caller, bytesOf(path), followLast)
  }

  /** Where the last name of a path stands. */
  place(path: VolumePath): Promise<Place> {
    return resolvePlace(this.vfs, this.caller, bytesOf(path))
  }

  /** What stands at a place: undefined where nothing does. */
  async lookup({ parent, name }: Place): Promise<Inode | undefined> {
    return await this.vfs.lookup(this.caller, parent, name)
  }

  /** `end` is called when the volume is closed; answers what takes it back. */
  onClose(end: () => void): () => void {
    this.#onClose.add(end)
    return () => void this.#onClose.delete(end)
  }

  /** New calls are refused from now on. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const end of [...this.#onClose]) end()
  }
}
