// utimensat(2): times to the nanosecond, which Node rounds to what a floating-point number holds.

import { check, cString, declare, descriptorPath } from './libc.js'

const libcUtimensat = declare<
  (directory: number, path: Buffer, times: Uint8Array, flags: number) => number
>('int utimensat(int, void *, void *, int)')

const AT_FDCWD = -100
const AT_SYMLINK_NOFOLLOW = 0x100
const UTIME_OMIT = 0x3ffffffe

/** Seconds and nanoseconds since 1970, as struct timespec. */
interface Time {
  readonly sec: number
  readonly nsec: number
}

/**
 * Sets the times of a file, of a symbolic link its own; what is undefined stays. A path, or a descriptor, also
 * one that was opened with O_PATH. Throws FsError.
 */
export function setTimes(
  target: string | Uint8Array | number,
  atime: Time | undefined,
  mtime: Time | undefined,
): void {
  const words = new BigInt64Array(4)
  for (const [index, time] of [atime, mtime].entries()) {
    words[2 * index] = BigInt(time?.sec ?? 0)
    words[2 * index + 1] = BigInt(time?.nsec ?? UTIME_OMIT)
  }
  const times = new Uint8Array(words.buffer)
  const isOpen = typeof target === 'number'
  const path = isOpen ? descriptorPath(target) : cString(target)
  const flags = isOpen ? 0 : AT_SYMLINK_NOFOLLOW
  check(libcUtimensat(AT_FDCWD, path, times, flags), 'utimensat')
}
