// System calls that only tests make: record locks, copies within the kernel, signals that
// interrupt. In 64-bit Linux' layouts; x64 and arm64 agree on all that is used.

import { check, declare } from '../../src/native/libc.js'

const fcntl = declare<(fd: number, command: number, lock: Uint8Array) => number>(
  'int fcntl(int, int, void *)',
)
const copyRange = declare<
  (
    from: number,
    fromAt: Uint8Array,
    to: number,
    toAt: Uint8Array,
    length: number,
    flags: number,
  ) => number
>('long copy_file_range(int, void *, int, void *, size_t, unsigned int)')

export const LockCommand = { F_GETLK: 5, F_SETLK: 6, F_SETLKW: 7 } as const
export const LockType = { F_RDLCK: 0, F_WRLCK: 1, F_UNLCK: 2 } as const

export interface RecordLock {
  readonly type: number
  readonly start: number
  /** In bytes; 0 to the end of the file. */
  readonly length: number
}

/** fcntl(2) with a record lock; what F_GETLK answers. Throws FsError. */
export function recordLock(fd: number, command: number, lock: RecordLock): RecordLock {
  const bytes = Buffer.alloc(32)
  bytes.writeInt16LE(lock.type, 0)
  bytes.writeBigInt64LE(BigInt(lock.start), 8)
  bytes.writeBigInt64LE(BigInt(lock.length), 16)
  check(fcntl(fd, command, bytes), 'fcntl')
  return {
    type: bytes.readInt16LE(0),
    start: Number(bytes.readBigInt64LE(8)),
    length: Number(bytes.readBigInt64LE(16)),
  }
}

/** copy_file_range(2); bytes copied. Throws FsError. */
export function copyFileRange(
  from: number,
  fromOffset: number,
  to: number,
  toOffset: number,
  length: number,
): number {
  const at = new BigInt64Array([BigInt(fromOffset), BigInt(toOffset)])
  const source = new Uint8Array(at.buffer, 0, 8)
  const target = new Uint8Array(at.buffer, 8, 8)
  return check(copyRange(from, source, to, target, length, 0), 'copy_file_range')
}

const lseek = declare<(fd: number, offset: number, whence: number) => number>(
  'long lseek(int, long, int)',
)

/** lseek(2) to the end: the size of an open file, as asked through its handle. Throws FsError. */
export function seekEnd(fd: number): number {
  return check(lseek(fd, 0, 2), 'lseek')
}
