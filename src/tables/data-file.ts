// A look at the data file before LMDB maps it: lmdb-js ends the process on a file that is not LMDB's.

import { closeSync, openSync, readSync } from 'node:fs'

/** MDB_MAGIC, in the meta page that begins each of the first two pages, behind the page's header. */
const magic = Buffer.from('dec0efbe', 'hex')
const headerBytes = 64
const pageBytesMin = 4096

/** False for a data file that LMDB did not write; an absent or empty one is new. */
export function isDataFile(path: string): boolean {
  const start = readStart(path)
  if (start.length === 0) return true
  return start.length >= pageBytesMin * 2 && start.subarray(0, headerBytes).includes(magic)
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
