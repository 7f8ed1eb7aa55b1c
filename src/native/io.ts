// read(2), write(2), writev(2) without exceptions: on a device where EAGAIN is the usual end of a
// drain, throwing costs ten times the call. A result below 0 is the negative error number.

import { Errno } from '../posix/errno.js'
import { addressOf, declare, lastErrno } from './libc.js'

const libcRead = declare<(fd: number, buffer: Uint8Array, size: number) => number>(
  'long read(int, void *, size_t)',
)
const libcWrite = declare<(fd: number, buffer: Uint8Array, size: number) => number>(
  'long write(int, void *, size_t)',
)
const libcWritev = declare<(fd: number, vector: Uint8Array, count: number) => number>(
  'long writev(int, void *, int)',
)

/** Minus the errno, never 0: a failure must not look like an empty success. */
function failure(): number {
  return -(lastErrno() || Errno.EIO)
}

/** Most buffers of one writev(2) (IOV_MAX of limits.h). */
export const IOV_MAX = 1024

/** Reads at most `size` bytes into the start of `buffer`; bytes read, or minus the errno. */
export function read(fd: number, buffer: Uint8Array, size: number): number {
  const result = libcRead(fd, buffer, size)
  return result === -1 ? failure() : result
}

/** Writes the first `size` bytes of `buffer`; bytes written, or minus the errno. */
export function write(fd: number, buffer: Uint8Array, size: number): number {
  const result = libcWrite(fd, buffer, size)
  return result === -1 ? failure() : result
}

// struct iovec {void *base; size_t len}, reused: calls on one thread do not overlap. A worker
// thread has its own copy of this module.
const words = new BigUint64Array(2 * IOV_MAX)
const vector = new Uint8Array(words.buffer)

/**
 * Writes the first `headSize` bytes of `head`, then all of each of `rest`, in one call; bytes
 * written, or minus the errno. At most IOV_MAX buffers in all.
 */
export function writev(
  fd: number,
  head: Uint8Array,
  headSize: number,
  rest: readonly Uint8Array[],
): number {
  words[0] = addressOf(head)
  words[1] = BigInt(headSize)
  let next = 2
  for (const buffer of rest) {
    if (buffer.length === 0) continue
    words[next] = addressOf(buffer)
    words[next + 1] = BigInt(buffer.length)
    next += 2
  }
  const result = libcWritev(fd, vector, next / 2)
  return result === -1 ? failure() : result
}
