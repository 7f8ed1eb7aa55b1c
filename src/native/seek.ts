// SEEK_DATA and SEEK_HOLE of lseek(2): where a sparse file has bytes. Both move the descriptor's
// own position; use pread and pwrite (a `position`) beside them.

import { Errno, FsError } from '../posix/errno.js'
import { declare, lastErrno } from './libc.js'

const libcLseek = declare<(fd: number, offset: number, whence: number) => number>(
  'long lseek(int, long, int)',
)

const SEEK_DATA = 3
const SEEK_HOLE = 4

function seek(fd: number, offset: number, whence: number): number | undefined {
  const result = libcLseek(fd, offset, whence)
  if (result !== -1) return result
  const errno = lastErrno()
  if (errno === Errno.ENXIO) return undefined
  throw new FsError(errno, 'lseek')
}

/** Start of the first data at or after `offset`, or undefined: none to the end. Throws FsError. */
export function seekData(fd: number, offset: number): number | undefined {
  return seek(fd, offset, SEEK_DATA)
}

/**
 * Start of the first hole at or after `offset`; the end of the file counts as one. Undefined when
 * `offset` is at or beyond the end. Throws FsError.
 */
export function seekHole(fd: number, offset: number): number | undefined {
  return seek(fd, offset, SEEK_HOLE)
}
