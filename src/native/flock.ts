// flock(2): whole-file locks that end with the process.

import { Errno, FsError } from '../posix/errno.js'
import { check, declare, lastErrno } from './libc.js'

const libcFlock = declare<(fd: number, operation: number) => number>('int flock(int, int)')

const LOCK_SH = 1
const LOCK_EX = 2
const LOCK_NB = 4
const LOCK_UN = 8

/** Locks an open file if nobody holds it otherwise; false if somebody does. Throws FsError. */
export function tryLock(fd: number, kind: 'shared' | 'exclusive'): boolean {
  const operation = (kind === 'shared' ? LOCK_SH : LOCK_EX) | LOCK_NB
  if (libcFlock(fd, operation) === 0) return true
  const errno = lastErrno()
  if (errno === Errno.EAGAIN) return false
  throw new FsError(errno, 'flock')
}

/** Gives a lock back before its descriptor is closed. Throws FsError. */
export function unlock(fd: number): void {
  check(libcFlock(fd, LOCK_UN), 'flock LOCK_UN')
}
