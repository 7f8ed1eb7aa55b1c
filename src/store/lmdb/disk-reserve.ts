// A few MiB kept aside beside the data file: on a full disk they are given up, so that the commit that
// removes something, and the one that deletes its blocks, find room for the pages they write. Taken
// back as soon as the disk has room again.

import { randomFillSync } from 'node:crypto'
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Errno } from '../../posix/errno.js'

export const reserveBytes = 4 * 1024 * 1024
const retryMs = 10_000
/** Less than a page or two: as good as full. */
const fullBytes = 64 * 1024

export class DiskReserve {
  readonly #path: string
  #triedMs = Number.NEGATIVE_INFINITY

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
    return statSync(this.#path, { throwIfNoEntry: false })?.size === reserveBytes
  }

  /** Gives the bytes up; false where there are none to give. */
  release(): boolean {
    if (!this.isThere()) return false
    rmSync(this.#path, { force: true })
    this.#triedMs = performance.now()
    return true
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
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize < fullBytes
}
