// The C library through koffi: the calls that Node has no function for. Only this folder knows
// koffi. Structures are built by hand in 64-bit words, so 64-bit little-endian Linux is assumed;
// C's `ssize_t` and `off_t` are `long` here.

import koffi from 'koffi'
import { Errno, FsError } from '../posix/errno.js'

const library = koffi.load(null)

/** A C function by its prototype. Buffers are passed as `void*`, and read and written in place. */
// biome-ignore lint/suspicious/noExplicitAny: the types are in the prototype; callers give them
export function declare<F extends (...args: any[]) => number>(prototype: string): F {
  return library.func(prototype) as unknown as F
}

/**
 * The error number that the last call on this thread left. To be read at once, and even then not
 * beyond doubt: koffi does not keep it, and what the engine does in between may change it.
 */
export function lastErrno(): number {
  return koffi.errno()
}

/** Result of a call that answers -1 for an error: as it is, or thrown as an FsError. */
export function check(result: number, call: string): number {
  if (result === -1) throw new FsError(lastErrno() || Errno.EIO, call)
  return result
}

/** A path or another string for C: bytes as they are, strings in UTF-8, with a NUL at the end. */
export function cString(value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  if (bytes.includes(0)) throw new FsError(Errno.EINVAL, 'a NUL byte in a path or name')
  const terminated = Buffer.alloc(bytes.length + 1)
  terminated.set(bytes)
  return terminated
}

/** What leads to the file of a descriptor, for calls that take no descriptor of O_PATH (open(2)). */
export function descriptorPath(fd: number): Buffer {
  return cString(`/proc/self/fd/${fd}`)
}

/** The memory address of a buffer's first byte; good only while the buffer is kept alive. */
export function addressOf(buffer: Uint8Array): bigint {
  return koffi.address(buffer)
}
