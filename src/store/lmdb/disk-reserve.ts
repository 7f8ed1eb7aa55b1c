// A few MiB kept aside beside the data file: on a full disk they are given up, so that the commit that
// removes something, and the one that deletes its blocks, find room for the pages they write. Taken
// back as soon as the disk has room again.
//
// Where changes are answered before they are committed, more is kept aside: as much as what was answered
// may need, whoever fills the disk meanwhile. It is given up a step at a time.
//
// How much is kept is told by the file alone, so a process that is killed leaves nothing to be cleared up,
// and several processes on one store share it.

import { randomFillSync } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Errno } from '../../posix/errno.js'

/** For what removes something. */
export const reserveBytes = 4 * 1024 * 1024
/** More, for what was answered: at most so much, and this part of what is free. */
export const answeredBytesMax = 28 * 1024 * 1024
const freePart = 8
const stepBytes = 2 * 1024 * 1024
const pieceBytes = 1024 * 1024
const retryMs = 10_000
const growEveryMs = 1000
/** What a row may need besides its bytes: pages written anew, a few in each table that knows of it. */
export const rowBytes = 12 * 1024
/** How long a look at the file is believed. */
const lookMs = 100
/** Who needs more says so this often, by the file's time; nobody did for longer: the rest goes back. */
const touchMs = 10_000
const untouchedMs = 3_600_000
/** Less than a page or two: as good as full. */
const fullBytes = 64 * 1024

export class DiskReserve {
  readonly #path: string
  #triedMs = Number.NEGATIVE_INFINITY
  #grownMs = Number.NEGATIVE_INFINITY
  #touchedMs = Number.NEGATIVE_INFINITY
  #lookedMs = Number.NEGATIVE_INFINITY
  #bytes = 0
  #growing: Promise<void> | undefined

  constructor(directory: string) {
    this.#path = join(directory, 'reserve')
  }

  /** Sets the bytes aside unless they are, at most every ten seconds; a full disk is no error. */
  restore(): void {
    const nowMs = performance.now()
    if (nowMs - this.#triedMs < retryMs) return
    this.#triedMs = nowMs
    if (this.isThere()) return
    try {
      this.#write()
    } catch (error) {
      rmSync(this.#path, { force: true })
      if (!isDiskFull(error, dirname(this.#path))) throw error
    }
  }

  isThere(): boolean {
    return this.#look() >= reserveBytes
  }

  /**
   * What is kept for changes that were answered, beyond what removing needs. Asking keeps it, and has more
   * set aside behind where there is room.
   */
  forAnswered(): number {
    const nowMs = performance.now()
    if (nowMs - this.#lookedMs > lookMs) this.#look()
    if (nowMs - this.#touchedMs > touchMs) this.#touch(nowMs)
    const more = this.#bytes - reserveBytes
    if (more < answeredBytesMax && nowMs - this.#grownMs > growEveryMs) void this.grow()
    return Math.max(0, more)
  }

  /** Sets more aside, as far as there is room. Never rejects. */
  grow(): Promise<void> {
    this.#grownMs = performance.now()
    this.#growing ??= this.#append()
      .catch(() => undefined)
      .finally(() => {
        this.#look()
        this.#growing = undefined
      })
    return this.#growing
  }

  /** Gives back what nobody needs any more for answers. */
  trim(): void {
    const file = statSync(this.#path, { throwIfNoEntry: false })
    if (!file || file.size <= reserveBytes || Date.now() - file.mtimeMs < untouchedMs) return
    truncateSync(this.#path, reserveBytes)
    this.#look()
  }

  /**
   * Gives up as much of what is kept for answers as makes `bytes` free. Before a transaction, not behind one
   * that has failed: LMDB is not at its best there.
   */
  makeRoom(bytes: number): void {
    const directory = dirname(this.#path)
    while (freeBytes(directory) < bytes && this.#look() > reserveBytes) this.release()
  }

  /** Gives a part of the bytes up; false where there are none to give. */
  release(): boolean {
    const bytes = this.#look()
    if (bytes === 0) return false
    if (bytes > reserveBytes) {
      const { size } = statSync(this.#path)
      truncateSync(this.#path, Math.max(reserveBytes, size - stepBytes))
    } else rmSync(this.#path, { force: true })
    this.#triedMs = performance.now()
    this.#grownMs = this.#triedMs
    this.#look()
    return true
  }

  /** Bytes that really lie on the disk. */
  #look(): number {
    const file = statSync(this.#path, { throwIfNoEntry: false })
    const [size, blocks] = [file?.size ?? 0, file?.blocks ?? 0]
    // Some file systems do not tell blocks.
    this.#bytes = blocks > 0 ? Math.min(size, blocks * 512) : size
    this.#lookedMs = performance.now()
    return this.#bytes
  }

  #touch(nowMs: number): void {
    this.#touchedMs = nowMs
    try {
      const now = new Date()
      utimesSync(this.#path, now, now)
    } catch {
      // It is not there now: then nothing is kept, which whoever asks is told.
    }
  }

  /** At the end as it is then: another process may give up, or add, at any moment. */
  async #append(): Promise<void> {
    if (!this.isThere()) return
    const piece = randomFillSync(Buffer.allocUnsafe(pieceBytes))
    const file = await open(this.#path, 'a', 0o600)
    try {
      while (this.#wantsMore()) await file.write(piece)
      await file.datasync()
    } finally {
      await file.close()
    }
  }

  #wantsMore(): boolean {
    const more = this.#look() - reserveBytes
    if (more < 0 || more + pieceBytes > answeredBytesMax) return false
    return more + pieceBytes <= (freeBytes(dirname(this.#path)) + more) / freePart
  }

  #write(): void {
    // Random: a file system that compresses would keep nothing for zeros.
    const bytes = randomFillSync(Buffer.allocUnsafe(reserveBytes))
    const fd = openSync(this.#path, 'w', 0o600)
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
      this.#look()
    }
  }
}

/**
 * ENOSPC or EDQUOT, from Node or from LMDB (whose errors carry the bare number); also LMDB's EIO for a
 * write that was cut short because the disk in `directory` filled up on the way.
 */
export function isDiskFull(error: unknown, directory: string): boolean {
  const code = (error as { code?: unknown } | undefined)?.code
  if (code === 'ENOSPC' || code === 'EDQUOT') return true
  if (code === Errno.ENOSPC || code === Errno.EDQUOT) return true
  if (code !== Errno.EIO) return false
  return freeBytes(directory) < fullBytes
}

/** What whoever is not root can still write. */
export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}
