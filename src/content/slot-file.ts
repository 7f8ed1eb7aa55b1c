// A file of equal slots, for the bytes of all spools of a process. Sparse, readable by its owner only,
// and without a name from the start: a killed process leaves nothing behind. Free slots are used again
// and given back to the disk.

import { randomUUID } from 'node:crypto'
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { punchHole } from '../native/allocate.js'
import { Errno, FsError } from '../posix/errno.js'

/** A file of equal slots. */
export class SlotFile {
  readonly #directory: string
  readonly #slotBytes: number
  #fd: number | undefined
  /** Slots that are not in use, below `#count`. */
  readonly #free = new Set<number>()
  #count = 0
  #givesBack = true

  constructor(directory: string, slotBytes: number) {
    this.#directory = directory
    this.#slotBytes = slotBytes
  }

  get used(): number {
    return this.#count - this.#free.size
  }

  take(): number {
    for (const slot of this.#free) {
      this.#free.delete(slot)
      return slot
    }
    return this.#count++
  }

  write(slot: number, at: number, data: Uint8Array): void {
    const fd = this.#open()
    for (let done = 0; done < data.length; )
      done += local('write', () =>
        writeSync(fd, data, done, data.length - done, slot * this.#slotBytes + at + done),
      )
  }

  read(slot: number, at: number, target: Buffer): void {
    const fd = this.#open()
    for (let done = 0; done < target.length; ) {
      const count = local('read', () =>
        readSync(fd, target, done, target.length - done, slot * this.#slotBytes + at + done),
      )
      if (count === 0) throw new FsError(Errno.EIO, 'the spool file is shorter than it was')
      done += count
    }
  }

  free(slot: number): void {
    this.#free.add(slot)
    if (this.#fd === undefined) return
    const fd = this.#fd
    const { used } = this
    if (used === 0) this.#empty(fd)
    else if (this.#givesBack)
      this.#giveBack(() => punchHole(fd, slot * this.#slotBytes, this.#slotBytes))
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #empty(fd: number): void {
    this.#free.clear()
    this.#count = 0
    this.#giveBack(() => ftruncateSync(fd, 0))
  }

  /**
   * Only room is at stake, which the next use of the slots, or the end of the process, takes or frees; and
   * not every file system can punch holes.
   */
  #giveBack(act: () => void): void {
    try {
      local('free', act)
    } catch (error) {
      if (!(error instanceof FsError)) throw error
      this.#givesBack = false
    }
  }

  #open(): number {
    if (this.#fd !== undefined) return this.#fd
    const path = join(this.#directory, `spool-${randomUUID()}`)
    const fd = local('open', () => {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
      return openSync(path, 'wx+', 0o600)
    })
    this.#fd = fd
    local('unlink', () => unlinkSync(path))
    return fd
  }
}

/** An error of the local disk with its own number, as the program that wrote is to see it. */
function local<T>(call: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).errno
    if (typeof errno !== 'number') throw cause
    throw new FsError(-errno, `${call} of the spool file`, { cause })
  }
}
