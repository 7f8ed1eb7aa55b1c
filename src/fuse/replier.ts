// The reply side of a connection: turns what became of a request into the one reply that it gets,
// and hands that to the kernel. Replies leave as soon as they are encoded, so one buffer serves all.

import { Errno } from '../posix/errno.js'
import type { ServedOperation } from './operations.js'
import type { FuseRequest } from './request.js'
import { type Trace, traceReply } from './trace.js'
import type { DirentBuffer } from './wire/dirents.js'
import { opcodeName } from './wire/opcodes.js'
import { ReplyFrame } from './wire/reply-frame.js'
import { FrameError } from './wire/request-frame.js'

/** Where a connection says what should not have happened. */
export interface FuseLog {
  warn(message: string): void
  error(message: string, error: unknown): void
}

/** Hands a complete reply to the kernel: 0, or the positive errno of why it was not taken. */
export type Send = (reply: ReplyFrame) => number

/** A request on its way through the handler. */
export interface Call {
  readonly operation: ServedOperation
  readonly request: FuseRequest
  readonly args: unknown
  readonly list: DirentBuffer | undefined
}

export interface ReplierOptions {
  readonly send: Send
  readonly log: FuseLog
  readonly trace: Trace | undefined
}

export class Replier {
  readonly #send: Send
  readonly #log: FuseLog
  readonly #trace: Trace | undefined
  readonly #frame = new ReplyFrame()
  #isClosed = false

  constructor({ send, log, trace }: ReplierOptions) {
    this.#send = send
    this.#log = log
    this.#trace = trace
  }

  /** From now on nobody takes replies: each counts as not handed over. */
  close(): void {
    this.#isClosed = true
  }

  /** What the handler answered: an errno, or what the reply says. */
  answer(call: Call, answer: unknown): void {
    if (typeof answer === 'number') this.errno(call.request, answer)
    else this.#success(call, answer)
  }

  #success({ operation, request, args, list }: Call, answer: unknown): void {
    this.#frame.begin(request.uniqueLo, request.uniqueHi)
    try {
      operation.encode(this.#frame, answer, args)
    } catch (error) {
      this.fail(request, error)
      this.#undo(request, Errno.EIO)
      return
    }
    if (list) this.#frame.append([list.bytes()])
    this.#deliver(request)
  }

  /** An error; what is no errno at all is EIO, and logged. */
  errno(request: FuseRequest, errno: number): void {
    const isValid = isErrno(errno)
    if (!isValid) this.#log.warn(`${describe(request)}: ${errno} is no errno`)
    this.#frame.begin(request.uniqueLo, request.uniqueHi)
    this.#frame.fail(isValid ? errno : Errno.EIO)
    this.#deliver(request)
  }

  /** The errno of what was thrown; what has none is a fault: EIO, and logged. */
  fail(request: FuseRequest, error: unknown): void {
    const errno = errnoOf(error)
    if (errno === undefined) this.#log.error(`${describe(request)} failed`, error)
    else if (error instanceof FrameError) this.#log.warn(`${describe(request)}: ${error.message}`)
    this.errno(request, errno ?? Errno.EIO)
  }

  /** A reply that the connection itself gives, with a body or without. */
  own(request: FuseRequest, encode: (frame: ReplyFrame) => void): void {
    this.#frame.begin(request.uniqueLo, request.uniqueHi)
    encode(this.#frame)
    this.#deliver(request)
  }

  #deliver(request: FuseRequest): void {
    if (request.isAnswered) return
    request.isAnswered = true
    const length = this.#frame.finish()
    const errno = this.#isClosed ? Errno.ENODEV : this.#send(this.#frame)
    this.#trace?.(traceReply(request, this.#frame.errno, length, errno))
    if (errno === 0) return
    // ENOENT: the request is gone, its caller killed. ENODEV: the whole mount is.
    if (errno !== Errno.ENOENT && errno !== Errno.ENODEV) {
      const what = describe(request)
      this.#log.warn(`${what}: the kernel refused a reply of ${length} bytes with errno ${errno}`)
    }
    this.#undo(request, errno)
  }

  #undo(request: FuseRequest, errno: number): void {
    try {
      request.replyFailed(errno)
    } catch (error) {
      this.#log.error(`${describe(request)} was not undone`, error)
    }
  }
}

function describe(request: FuseRequest): string {
  return `${opcodeName(request.opcode)} ${request.unique}`
}

/** The kernel takes no reply with an error number beyond 511. */
function isErrno(errno: number): boolean {
  return Number.isInteger(errno) && errno > 0 && errno < 512
}

function errnoOf(error: unknown): number | undefined {
  const errno = (error as { errno?: unknown } | undefined)?.errno
  if (typeof errno !== 'number') return undefined
  const positive = Math.abs(errno)
  return isErrno(positive) ? positive : undefined
}
