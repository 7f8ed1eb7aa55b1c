// Open handles: what a number that open or opendir answered stands for.

import { Errno, FsError } from '../posix/errno.js'
import { O_APPEND, opensForReading, opensForWriting } from '../posix/open-flags.js'
import type { OpenFile } from './open-file.js'
import type { Handle } from './vfs.js'

const aheadBytesMin = 256 * 1024
const aheadBytesMax = 4 * 1024 * 1024

export class FileHandle {
  readonly id: Handle
  readonly file: OpenFile
  readonly flags: number
  readonly pid: number
  #errorsSeen: number
  #next = 0
  #aheadBytes = 0
  #aheadEnd = 0

  constructor(id: Handle, file: OpenFile, flags: number, pid: number) {
    this.id = id
    this.file = file
    this.flags = flags
    this.pid = pid
    this.#errorsSeen = file.errorsAtOpen
  }

  get ino(): number {
    return this.file.ino
  }

  get readable(): boolean {
    return opensForReading(this.flags)
  }

  get writable(): boolean {
    return opensForWriting(this.flags)
  }

  get appends(): boolean {
    return (this.flags & O_APPEND) !== 0
  }

  /** Throws the error of a save that this handle has not been told yet. */
  checkSaved(): void {
    const { error, seen } = this.file.errorSince(this.#errorsSeen)
    this.#errorsSeen = seen
    if (error) throw error
  }

  /**
   * How far to read ahead of a read: more and more while it goes on where the last one ended, and only
   * when half of what was asked for before has been used up.
   */
  aheadBytes(offset: number, size: number, fileSize: number): number {
    const end = offset + size
    const sequential = offset === this.#next && offset > 0
    this.#next = end
    if (!sequential) {
      this.#aheadBytes = 0
      this.#aheadEnd = 0
      return 0
    }
    if (end >= fileSize || this.#aheadEnd - end > this.#aheadBytes / 2) return 0
    this.#aheadBytes = Math.min(aheadBytesMax, Math.max(aheadBytesMin, this.#aheadBytes * 2))
    this.#aheadEnd = end + this.#aheadBytes
    return this.#aheadBytes
  }
}

export class DirectoryHandle {
  readonly id: Handle
  readonly ino: number
  readonly pid: number

  constructor(id: Handle, ino: number, pid: number) {
    this.id = id
    this.ino = ino
    this.pid = pid
  }
}

export class HandleTable {
  readonly #handles = new Map<Handle, FileHandle | DirectoryHandle>()
  #last = 0

  get size(): number {
    return this.#handles.size
  }

  openFile(file: OpenFile, flags: number, pid: number): FileHandle {
    const handle = new FileHandle(++this.#last, file, flags, pid)
    this.#handles.set(handle.id, handle)
    return handle
  }

  openDirectory(ino: number, pid: number): DirectoryHandle {
    const handle = new DirectoryHandle(++this.#last, ino, pid)
    this.#handles.set(handle.id, handle)
    return handle
  }

  /** EBADF. */
  file(id: Handle): FileHandle {
    const handle = this.#handles.get(id)
    if (handle instanceof FileHandle) return handle
    throw new FsError(Errno.EBADF)
  }

  /** EBADF. */
  directory(id: Handle): DirectoryHandle {
    const handle = this.#handles.get(id)
    if (handle instanceof DirectoryHandle) return handle
    throw new FsError(Errno.EBADF)
  }

  remove(id: Handle): void {
    this.#handles.delete(id)
  }

  all(): Iterable<FileHandle | DirectoryHandle> {
    return this.#handles.values()
  }
}
