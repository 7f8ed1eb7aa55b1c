// Errors as users of node:fs know them: `code`, a negative `errno`, `syscall`, `path` and `dest`. Wrong
// arguments are TypeError and RangeError with Node's codes; everything else that a volume answers is a
// VolumeError.

import { getSystemErrorMap } from 'node:util'
import { errnoName, FsError } from '../posix/errno.js'

/** What a call was about; paths as text. */
export interface CallFacts {
  readonly syscall: string
  readonly path?: string | undefined
  readonly dest?: string | undefined
}

/** An error of a call on a volume: `ENOENT: no such file or directory, open '/a'`. */
export class VolumeError extends FsError {
  /** As Node has it: negative (`-2` for ENOENT). Its name is `code`. */
  override readonly errno: number
  /** As Node has it: ENOTSUP, where Linux says EOPNOTSUPP. */
  override readonly code: string
  readonly #reason: string
  /** The call that failed: `open`, `rename`, ... */
  readonly syscall: string
  declare readonly path?: string
  /** The second path of rename, link, symlink and copyfile. */
  declare readonly dest?: string

  /** `errno` is positive here, as errno(3) has it; `detail` takes the place of its words. */
  constructor(errno: number, { syscall, path, dest }: CallFacts, detail?: string, cause?: unknown) {
    const [code, meaning] = getSystemErrorMap().get(-errno) ?? [errnoName(errno), 'unknown error']
    const words = detail ?? meaning
    const from = path === undefined ? '' : ` '${path}'`
    const to = dest === undefined ? '' : ` -> '${dest}'`
    super(errno, `${words}, ${syscall}${from}${to}`, cause === undefined ? {} : { cause })
    this.errno = -errno
    this.code = code
    this.#reason = words
    this.syscall = syscall
    if (path !== undefined) this.path = path
    if (dest !== undefined) this.dest = dest
  }

  /** What is wrong, without call and path. */
  get reason(): string {
    return this.#reason
  }
}

/** What a call threw, as its caller is to see it. What is no FsError is a wrong argument, or a fault. */
export function asVolumeError(error: unknown, facts: CallFacts): unknown {
  if (!(error instanceof FsError) || error instanceof VolumeError) return error
  const detail = error.message === error.code ? undefined : error.message.replace(/^E\w+: /, '')
  return new VolumeError(error.errno, facts, detail, error.cause)
}

/** An error of a call that this one is made of, as this one's. */
export function relabelled(error: unknown, facts: CallFacts): unknown {
  if (!(error instanceof VolumeError)) return error
  return new VolumeError(-error.errno, facts, error.reason, error.cause)
}

type ArgumentCode = 'ERR_INVALID_ARG_TYPE' | 'ERR_INVALID_ARG_VALUE'

/** A TypeError with Node's code. */
export function argumentError(message: string, code: ArgumentCode = 'ERR_INVALID_ARG_VALUE') {
  return Object.assign(new TypeError(message), { code })
}

/** A RangeError with Node's code. */
export function rangeError(message: string): RangeError {
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' })
}

/** As Node's calls reject when their signal is aborted. */
export function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason })
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' })
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal)
}
