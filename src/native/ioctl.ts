// ioctl(2) with a structure in memory.

import { check, declare } from './libc.js'

const libcIoctl = declare<(fd: number, request: number, argument: Uint8Array) => number>(
  'int ioctl(int, unsigned long, void *)',
)

/** Calls the device; what it answers is in the result and in `argument`. Throws FsError. */
export function ioctl(fd: number, request: number, argument: Uint8Array): number {
  return check(libcIoctl(fd, request, argument), `ioctl ${request.toString(16)}`)
}
