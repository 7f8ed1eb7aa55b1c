// An open file or directory without the shapes of Node's arguments: what FileHandle, streams and the calls on
// whole files are made of.

import { Errno, FsError } from '../posix/errno.js'
import { O_APPEND, O_DSYNC } from '../posix/open-flags.js'
import type { AttributeChanges, Handle } from '../vfs/vfs.js'
import type { Inode } from '../volume/inode.js'
import type { VolumePath } from './arguments.js'
import { type Opened, openPath } from './open-file.js'
import type { Session } from './session.js'

/** So much goes through the vfs at a time. */
const pieceBytesMax = 1024 * 1024

export class RawFile {
  readonly ino: number
  readonly isDirectory: boolean
  readonly isNew: boolean
  readonly #session: Session
  readonly #handle: Handle
  readonly #flags: number
  readonly #running = new Set<Promise<unknown>>()
  #position = 0
  /** The last that went on from where the file stood. */
  #turn: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(session: Session, { handle, ino, flags, isDirectory, isNew }: Opened) {
    this.#session = session
    this.#handle = handle
    this.#flags = flags
    this.ino = ino
    this.isDirectory = isDirectory
    this.isNew = isNew
  }

  /** Unique among what is open in this volume. */
  get number(): number {
    return this.#handle
  }

  /**
   * Fills `bytes` from `position`, or from where the file stands, which moves on then. Answers how many: fewer
   * only at the end of the file.
   */
  read(bytes: Buffer, position: number | undefined): Promise<number> {
    return this.#runFrom(position, 'read', async () => {
      this.#checkFile()
      const start = position ?? this.#position
      let at = 0
      while (at < bytes.length) {
        const size = Math.min(pieceBytesMax, bytes.length - at)
        const copied = copyOut(await this.#readPiece(start + at, size), bytes, at)
        at += copied
        if (copied < size) break
      }
      if (position === undefined) this.#position = start + at
      return at
    })
  }

  /** Writes all of `bytes`, at the end where the file was opened to append. */
  write(bytes: Buffer, position: number | undefined): Promise<number> {
    return this.#runFrom(position, 'write', async () => {
      if (this.isDirectory) throw new FsError(Errno.EBADF)
      const { vfs, caller } = this.#session
      const start = position ?? this.#position
      let at = 0
      do {
        const piece = bytes.subarray(at, at + pieceBytesMax)
        const written = await vfs.write(caller, this.#handle, start + at, piece)
        at += written
        if (written < piece.length) break
      } while (at < bytes.length)
      if (this.#flags & O_DSYNC) await vfs.fsync(caller, this.#handle, false)
      if (position === undefined)
        this.#position = this.#flags & O_APPEND ? (await this.#inode()).size : start + at
      return at
    })
  }

  stat(): Promise<Inode> {
    return this.#run('fstat', () => this.#inode())
  }

  setAttributes(syscall: string, changes: AttributeChanges): Promise<void> {
    return this.#run(syscall, async () => {
      const { vfs, caller } = this.#session
      if (changes.size !== undefined) this.#checkFile(Errno.EINVAL)
      await vfs.setattr(caller, this.ino, changes, this.isDirectory ? undefined : this.#handle)
    })
  }

  sync(isDatasync: boolean): Promise<void> {
    return this.#run(isDatasync ? 'fdatasync' : 'fsync', async () => {
      const { vfs, caller } = this.#session
      if (this.isDirectory) await vfs.fsyncdir(caller, this.#handle)
      else await vfs.fsync(caller, this.#handle, isDatasync)
    })
  }

  /** Waits for what is under way, saves, and lets go; a second call is the first one's. */
  close(): Promise<void> {
    this.#closing ??= this.#session.held({ syscall: 'close' }, async () => {
      while (this.#running.size > 0) await Promise.allSettled(this.#running)
      const { vfs, caller } = this.#session
      if (this.isDirectory) vfs.releasedir(caller, this.#handle)
      else
        try {
          await vfs.flush(caller, this.#handle)
        } finally {
          await vfs.release(caller, this.#handle)
        }
    })
    return this.#closing
  }

  get isUnsaved(): boolean {
    return this.#session.vfs.isUnsaved(this.ino)
  }

  #readPiece(offset: number, size: number) {
    return this.#session.vfs.read(this.#session.caller, this.#handle, offset, size)
  }

  async #inode(): Promise<Inode> {
    const { vfs, caller } = this.#session
    return vfs.getattr(caller, this.ino, this.isDirectory ? undefined : this.#handle)
  }

  #checkFile(errno: Errno = Errno.EISDIR): void {
    if (this.isDirectory) throw new FsError(errno)
  }

  /** Without a position it begins where the one before has ended, as read(2) and write(2) do. */
  #runFrom<T>(position: number | undefined, syscall: string, work: () => Promise<T>): Promise<T> {
    return this.#run(syscall, () => {
      if (position !== undefined) return work()
      const turn = this.#turn.then(work)
      this.#turn = turn.catch(() => undefined)
      return turn
    })
  }

  #run<T>(syscall: string, work: () => Promise<T>): Promise<T> {
    const checked = async () => {
      if (this.#closing) throw new FsError(Errno.EBADF, 'the file is closed')
      return work()
    }
    const running = this.#session.held({ syscall }, checked)
    this.#running.add(running)
    const end = () => this.#running.delete(running)
    running.then(end, end)
    return running
  }
}

/** Opens, works, closes whatever happens; an error of the work comes before one of closing. */
export async function withFile<T>(
  session: Session,
  path: VolumePath,
  flags: number,
  mode: number,
  work: (file: RawFile) => Promise<T>,
): Promise<T> {
  const file = await openFile(session, path, flags, mode)
  let result: T
  try {
    result = await work(file)
  } catch (error) {
    await file.close().catch(() => undefined)
    throw error
  }
  await file.close()
  return result
}

export async function openFile(
  session: Session,
  path: VolumePath,
  flags: number,
  mode: number,
): Promise<RawFile> {
  return session.at('open', path, async () => {
    return new RawFile(session, await openPath(session, path, flags, mode))
  })
}

/** Copied: what the vfs hands out is good for this tick only. */
function copyOut(pieces: readonly Buffer[], target: Buffer, at: number): number {
  let end = at
  for (const piece of pieces) end += piece.copy(target, end)
  return end - at
}
