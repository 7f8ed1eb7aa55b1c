// A look at the data file before LMDB maps it: lmdb-js ends the process on a file that is not LMDB's.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { crc32 } from 'node:zlib'

/** MDB_MAGIC, in the meta page that begins each of the first two pages, behind the page's header. */
const magic = Buffer.from('dec0efbe', 'hex')
const headerBytes = 64
const pageBytesMin = 4096
/** Where in MDB_meta, as lmdb-js builds it, counted from the magic number. */
const metaAt = { pageBytes: 24, roots: [64, 112], lastPage: 120, transaction: 128 } as const
const pieceBytes = 2 ** 20

/** False for a data file that LMDB did not write; an absent or empty one is new. */
export function isDataFile(path: string): boolean {
  const start = readStart(path)
  if (start.length === 0) return true
  return start.length >= pageBytesMin * 2 && start.subarray(0, headerBytes).includes(magic)
}

/** Throws what open(2) fails with for a lock file that is there and cannot be opened: lmdb-js ends the process. */
export function tryLockFile(path: string): void {
  try {
    closeSync(openSync(path, 'r+'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

export interface DataFileMeta {
  readonly pageBytes: number
  /** The last page that was ever used. */
  readonly lastPage: number
  readonly transaction: number
  /** Of the tree of free pages, and of the main one; all bits set: it is empty. */
  readonly roots: readonly bigint[]
}

/** What the newer of the first two pages says; undefined where there is none. */
export function newestMeta(path: string): DataFileMeta | undefined {
  const start = readStart(path)
  const metas = [start.subarray(0, pageBytesMin), start.subarray(pageBytesMin)].flatMap((page) => {
    const at = page.subarray(0, headerBytes).indexOf(magic)
    if (at < 0) return []
    const number = (behind: number) => page.readBigUInt64LE(at + behind)
    const [lastPage, transaction] = [metaAt.lastPage, metaAt.transaction].map((n) => number(n))
    return [
      {
        pageBytes: page.readUInt32LE(at + metaAt.pageBytes),
        lastPage: Number(lastPage),
        transaction: Number(transaction),
        roots: metaAt.roots.map(number),
      },
    ]
  })
  return metas.sort((a, b) => b.transaction - a.transaction)[0]
}

/**
 * How long the file must be for all pages that it says it uses; 0 where there is none. LMDB does not write pages
 * that it has used and freed in one transaction, so one that is a little shorter may be whole. It maps the file:
 * who reads behind its end is ended by SIGBUS.
 */
export function usedBytes(path: string): number {
  const meta = newestMeta(path)
  return meta ? (meta.lastPage + 1) * meta.pageBytes : 0
}

/** CRC-32 of the whole file, which nobody writes to meanwhile. */
export function fileSum(path: string): number {
  let end = 0
  for (const sum of sums(path)) end = sum
  return end
}

/** The same, while everything else goes on. */
export async function fileSumAsync(path: string): Promise<number> {
  let end = 0
  for (const sum of sums(path)) {
    end = sum
    await setImmediate()
  }
  return end
}

/** Of the first piece, of the first two, and so on. */
function* sums(path: string): Generator<number> {
  const fd = openSync(path, 'r')
  try {
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, Math.max(1, fstatSync(fd).size)))
    let sum = 0
    for (let at = 0; ; ) {
      const length = readSync(fd, piece, 0, piece.length, at)
      if (length === 0) return
      sum = crc32(piece.subarray(0, length), sum)
      yield sum
      at += length
    }
  } finally {
    closeSync(fd)
  }
}

/** The first two pages, or what there is of them. */
function readStart(path: string): Buffer {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
  try {
    const bytes = Buffer.alloc(pageBytesMin * 2)
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0))
  } finally {
    closeSync(fd)
  }
}
