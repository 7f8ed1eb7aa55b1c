// fallocate(2): room in a file, and holes.

import { check, declare } from './libc.js'

const libcFallocate = declare<(fd: number, mode: number, offset: number, length: number) => number>(
  'int fallocate(int, int, long, long)',
)

/** Flags of fallocate(2), from linux/falloc.h. */
export const FallocateFlag = {
  FALLOC_FL_KEEP_SIZE: 1,
  FALLOC_FL_PUNCH_HOLE: 2,
  FALLOC_FL_COLLAPSE_RANGE: 8,
  FALLOC_FL_ZERO_RANGE: 16,
  FALLOC_FL_INSERT_RANGE: 32,
} as const

/** Acts on `length` bytes from `offset` as `mode` says. Throws FsError. */
export function fallocate(fd: number, mode: number, offset: number, length: number): void {
  check(libcFallocate(fd, mode, offset, length), 'fallocate')
}

/** Gives the bytes back to the disk; they read as zeros, the size stays. Throws FsError. */
export function punchHole(fd: number, offset: number, length: number): void {
  const { FALLOC_FL_PUNCH_HOLE, FALLOC_FL_KEEP_SIZE } = FallocateFlag
  fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length)
}
