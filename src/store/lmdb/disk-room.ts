// Whether large values fit before they are handed to LMDB. On a disk without a byte to spare the binding (lmdb-js
// 3.5.6) writes a message past the end of its buffer when a write of several large values is refused outright,
// and the process dies of it; a write that is cut short has no such message. So what surely does not fit is
// refused here, and the data file has a few allocated pages behind its last one, for a write to begin in.

import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { freeBytes } from './disk-reserve.js'

/** With more than this free nobody looks. */
const plentyBytes = 64 * 2 ** 20
const tailBytes = 64 * 1024
/** Not all pages that are free within the file can be used at once, nor side by side. */
const usablePart = 4
/** Page 0 and 1 are LMDB's own. */
const metaPages = 2

interface Pages {
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}

/** What getStats of lmdb-js answers, undocumented. */
export interface RootStats extends Pages {
  readonly pageSize: number
  readonly lastPageNumber: number
  readonly lastTxnId: number
  readonly free: Pages
}

export interface DiskRoomOptions {
  readonly directory: string
  /** Of the unnamed database, and of all others. */
  readonly rootStats: () => RootStats
  readonly stats: () => readonly Pages[]
}

export class DiskRoom {
  readonly #options: DiskRoomOptions

  constructor(options: DiskRoomOptions) {
    this.#options = options
  }

  /** Before values of so many bytes are written. Throws an error with the code ENOSPC. */
  check(bytes: number): void {
    const { directory } = this.#options
    if (freeBytes(directory) >= plentyBytes + bytes) return
    const { insideBytes, endBytes } = this.#file()
    const hasTail = this.#hasTail(endBytes)
    // What it grows by leaves enough for the next tail.
    if (hasTail && freeBytes(directory) >= bytes + 2 * tailBytes) return
    if (insideBytes < (hasTail ? bytes : usablePart * bytes)) throw noSpace(bytes)
  }

  /** Bytes of the pages that hold something, and where the last page that was ever used ends. */
  get usage(): { readonly usedBytes: number; readonly endBytes: number } {
    const { insideBytes, endBytes } = this.#file()
    return { usedBytes: endBytes - insideBytes, endBytes }
  }

  /** Bytes of free pages, and where the last page that was ever used ends. */
  #file(): { insideBytes: number; endBytes: number } {
    const root = this.#options.rootStats()
    const pages = [root, root.free, ...this.#options.stats()].map(pagesOf)
    const used = pages.reduce((sum, count) => sum + count, metaPages)
    const end = root.lastPageNumber + 1
    return { insideBytes: (end - used) * root.pageSize, endBytes: end * root.pageSize }
  }

  /** Appended to whatever is the end then: a transaction under way may be writing there. */
  #hasTail(endBytes: number): boolean {
    const fd = openSync(join(this.#options.directory, 'data.mdb'), 'a')
    try {
      const missing = endBytes + tailBytes - fstatSync(fd).size
      if (missing <= 0) return true
      return writeSync(fd, Buffer.alloc(missing)) > 0
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      return fstatSync(fd).size > endBytes
    } finally {
      closeSync(fd)
    }
  }
}

function pagesOf({ treeBranchPageCount, treeLeafPageCount, overflowPages }: Pages): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages
}

function noSpace(bytes: number): Error {
  return Object.assign(new Error(`no room for ${bytes} bytes`), { code: 'ENOSPC' })
}
