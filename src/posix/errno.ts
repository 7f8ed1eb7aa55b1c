// Error numbers of Linux (asm-generic/errno-base.h, errno.h) and the one error class that layers
// throw. A miss that is normal (an absent name in lookup) is a value, not one of these.

/** Linux error numbers by name; positive, as errno(3) has them. */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  ESPIPE: 29,
  EROFS: 30,
  EMLINK: 31,
  EPIPE: 32,
  ERANGE: 34,
  EDEADLK: 35,
  ENAMETOOLONG: 36,
  ENOLCK: 37,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ENODATA: 61,
  EPROTO: 71,
  EOVERFLOW: 75,
  EOPNOTSUPP: 95,
  ENOTCONN: 107,
  ETIMEDOUT: 110,
  ESTALE: 116,
  EDQUOT: 122,
  ECANCELED: 125,
} as const

/** One of the error numbers above. */
export type Errno = (typeof Errno)[keyof typeof Errno]

const names = new Map<number, string>(Object.entries(Errno).map(([name, value]) => [value, name]))

/** The symbolic name of an error number, or `E<number>` for one without a name here. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `E${errno}`
}

/** An error with the error number that the caller of a system call is to see. */
export class FsError extends Error {
  override readonly name = 'FsError'
  readonly errno: number
  /** As Node's own errors have it: `ENOENT`, ... */
  readonly code: string

  /** Without a message it is an ordinary answer (ENODATA, EEXIST): then it takes no stack. */
  constructor(errno: number, message?: string, options?: { cause?: unknown }) {
    const { stackTraceLimit } = Error
    if (message === undefined) Error.stackTraceLimit = 0
    super(message ? `${errnoName(errno)}: ${message}` : errnoName(errno), options)
    Error.stackTraceLimit = stackTraceLimit
    this.errno = errno
    this.code = errnoName(errno)
  }
}

/** What was thrown, with the errno that it has, else EIO; `message` says what failed. */
export function asFsError(cause: unknown, message?: string): FsError {
  if (cause instanceof FsError) return cause
  const { errno } = (cause ?? {}) as NodeJS.ErrnoException
  const text = message ?? (cause instanceof Error ? cause.message : String(cause))
  return new FsError(errno ? Math.abs(errno) : Errno.EIO, text, { cause })
}
