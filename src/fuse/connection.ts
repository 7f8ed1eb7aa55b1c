// One connection to a kernel: takes requests as frames, has the handler answer them, and sends
// each reply exactly once. Knows nothing of where frames come from (device.ts, loopback-device.ts).
//
// What is answered at once is answered without a promise and without an entry in the table of
// requests in flight. Whatever goes wrong with one frame (a frame that cannot be decoded, a handler
// that throws, an answer that cannot be encoded) ends with that frame: an errno and a line in the
// log, or a dropped frame and a line in the log.

import { Errno } from '../posix/errno.js'
import type { Handler, Request } from './handler.js'
import {
  DEFAULT_WISHES,
  encodeInit,
  encodeMajor,
  type Negotiated,
  negotiate,
  type Wishes,
} from './handshake.js'
import { operationByOpcode, type ServedOperation } from './operations.js'
import { type Call, type FuseLog, Replier, type Send } from './replier.js'
import { FuseRequest, uniqueKey } from './request.js'
import { RequestCounts } from './request-counts.js'
import { type Trace, traceRequest } from './trace.js'
import { DirentBuffer } from './wire/dirents.js'
import { Opcode } from './wire/opcodes.js'
import { FrameError, RequestFrame } from './wire/request-frame.js'
import { decodeBatchForget, decodeForget, decodeInit, decodeInterrupt } from './wire/requests.js'

/** Room for the header and fixed fields of a WRITE before its data. */
const WRITE_HEAD_ROOM = 4096

/** Buffers that wait for their next request, kept of those that answered writes have given back. */
const SPARE_FRAMES_MAX = 4

export interface ConnectionOptions {
  readonly handler: Handler
  readonly send: Send
  readonly log: FuseLog
  readonly wishes?: Wishes | undefined
  readonly trace?: Trace | undefined
  /** What was agreed before, when this process takes over a mount; no INIT will come then. */
  readonly negotiated?: Negotiated | undefined
}

type BoundMethod = (request: Request, args: unknown, list?: DirentBuffer) => unknown

export class Connection {
  /** Requests that have come, by operation. */
  readonly counts = new RequestCounts()
  readonly #handler: Handler
  readonly #log: FuseLog
  readonly #wishes: Wishes
  readonly #trace: Trace | undefined
  readonly #replier: Replier
  readonly #methods = new Map<number, BoundMethod>()
  readonly #inFlight = new Map<number, FuseRequest>()
  readonly #spareFrames: RequestFrame[] = []
  #spareList: DirentBuffer | undefined
  #negotiated: Negotiated | undefined
  #isDestroyed = false
  #agree: (outcome: Negotiated | Error) => void = () => {}

  constructor(options: ConnectionOptions) {
    this.agreed = new Promise((resolve) => {
      this.#agree = resolve
    })
    this.#handler = options.handler
    this.#log = options.log
    this.#wishes = options.wishes ?? DEFAULT_WISHES
    this.#trace = options.trace
    const { send, log, trace } = options
    this.#replier = new Replier({ send, log, trace })
    this.#negotiated = options.negotiated
    if (options.negotiated) this.#agree(options.negotiated)
    for (const operation of operationByOpcode.values()) {
      const method = operation.kind === 'served' && options.handler[operation.method]
      if (method) this.#methods.set(operation.opcode, method.bind(options.handler) as BoundMethod)
    }
  }

  /** What INIT settled, or why nothing could be: settles once, never rejects. */
  readonly agreed: Promise<Negotiated | Error>

  /** What INIT settled; undefined before. */
  get negotiated(): Negotiated | undefined {
    return this.#negotiated
  }

  /** Requests whose answer is still awaited. */
  get pending(): number {
    return this.#inFlight.size
  }

  /** A buffer large enough for any request. */
  takeFrame(): RequestFrame {
    return this.#spareFrames.pop() ?? new RequestFrame(this.#wishes.maxWrite + WRITE_HEAD_ROOM)
  }

  /**
   * Answers the request in the first `length` bytes of the frame; never throws. False when the
   * frame is still in use: the next request needs another (takeFrame).
   */
  handle(frame: RequestFrame, length: number): boolean {
    let request: FuseRequest | undefined
    try {
      if (!frame.accept(length)) {
        this.#log.warn(`dropped a frame of ${length} bytes that is no request`)
        return true
      }
      frame.flags = this.#negotiated?.flags ?? NO_FLAGS
      request = new FuseRequest(frame)
      this.counts.add(request.opcode)
      return this.#dispatch(frame, request)
    } catch (error) {
      if (request && hasReply(request.opcode)) this.#replier.fail(request, error)
      else this.#log.error(`dropped a request of ${length} bytes`, error)
      return true
    }
  }

  /** The kernel is gone: nobody waits for any answer, and the handler is told so once. */
  destroy(): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    this.#replier.close()
    for (const request of this.#inFlight.values()) request.interrupt()
    try {
      this.#handler.destroy?.()
    } catch (error) {
      this.#log.error('destroy failed', error)
    }
  }

  #dispatch(frame: RequestFrame, request: FuseRequest): boolean {
    const operation = operationByOpcode.get(request.opcode)
    if (operation?.kind === 'served') return this.#serve(operation, frame, request)
    if (operation?.kind === 'own') this.#own(frame, request)
    else {
      this.#trace?.(traceRequest(request, undefined))
      if (!operation || operation.hasReply) this.#replier.errno(request, Errno.ENOSYS)
    }
    return true
  }

  #serve(operation: ServedOperation, frame: RequestFrame, request: FuseRequest): boolean {
    const method = this.#methods.get(operation.opcode)
    if (!method) {
      this.#trace?.(traceRequest(request, undefined))
      this.#replier.errno(request, Errno.ENOSYS)
      return true
    }
    if (request.nodeid < 0) throw new FrameError(Errno.EINVAL, 'a node id is beyond 2^53')
    const args = operation.decode(frame)
    this.#trace?.(traceRequest(request, args))
    if (this.#adoptResent(request)) return true
    const list = operation.list && this.#takeList(operation, args)
    const call = { operation, request, args, list }
    const answer = method(request, args, list)
    if (isPromise(answer)) {
      const kept = operation.keepsFrame ? frame : undefined
      this.#await(answer, call, kept)
      return kept === undefined
    }
    this.#answer(call, answer)
    return true
  }

  /** A request that is being answered already, delivered again: its answer takes the new number. */
  #adoptResent(request: FuseRequest): boolean {
    if (this.#inFlight.size === 0) return false
    const first = this.#inFlight.get(request.key)
    if (!first || first.opcode !== request.opcode) return false
    first.uniqueHi = request.uniqueHi
    return true
  }

  #await(answer: PromiseLike<unknown>, call: Call, kept: RequestFrame | undefined): void {
    const { request } = call
    this.#inFlight.set(request.key, request)
    const settle = (finish: () => void) => {
      this.#inFlight.delete(request.key)
      try {
        finish()
      } catch (error) {
        this.#replier.fail(request, error)
      }
      if (kept && this.#spareFrames.length < SPARE_FRAMES_MAX) this.#spareFrames.push(kept)
    }
    answer.then(
      (value) => settle(() => this.#answer(call, value)),
      (error: unknown) => settle(() => this.#replier.fail(request, error)),
    )
  }

  #answer(call: Call, answer: unknown): void {
    this.#replier.answer(call, answer)
    if (call.list) this.#spareList = call.list
  }

  #takeList(operation: ServedOperation, args: unknown): DirentBuffer {
    const list = this.#spareList ?? new DirentBuffer()
    this.#spareList = undefined
    const { size } = args as { readonly size: number }
    list.begin(Math.min(size, this.#wishes.maxWrite), operation.list === 'entries')
    return list
  }

  #own(frame: RequestFrame, request: FuseRequest): void {
    if (request.opcode === Opcode.INIT) this.#init(frame, request)
    else if (request.opcode === Opcode.DESTROY) this.#destroyOnRequest(request)
    else if (request.opcode === Opcode.INTERRUPT) this.#interrupt(frame, request)
    else this.#forget(frame, request)
  }

  #init(frame: RequestFrame, request: FuseRequest): void {
    const offer = decodeInit(frame)
    this.#trace?.(traceRequest(request, offer))
    if (offer.major > 7) {
      this.#replier.own(request, encodeMajor)
      return
    }
    try {
      const negotiated = negotiate(offer, this.#wishes)
      this.#handler.init?.(negotiated)
      this.#negotiated = negotiated
      this.#replier.own(request, (reply) => encodeInit(reply, negotiated))
      this.#agree(negotiated)
    } catch (error) {
      this.#replier.fail(request, error)
      this.#agree(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #destroyOnRequest(request: FuseRequest): void {
    this.#trace?.(traceRequest(request, undefined))
    this.#replier.own(request, () => {})
    this.destroy()
  }

  #interrupt(frame: RequestFrame, request: FuseRequest): void {
    const { lo, hi } = decodeInterrupt(frame)
    this.#trace?.(traceRequest(request, { unique: (hi * 0x1_0000_0000 + lo).toString(16) }))
    // Unknown: answered already, and the reply crossed the interrupt.
    this.#inFlight.get(uniqueKey(lo, hi))?.interrupt()
  }

  #forget(frame: RequestFrame, request: FuseRequest): void {
    if (request.opcode === Opcode.FORGET) {
      const args = decodeForget(frame)
      this.#trace?.(traceRequest(request, args))
      this.#handler.forget?.(request, args)
      return
    }
    const args = decodeBatchForget(frame)
    this.#trace?.(traceRequest(request, args))
    if (this.#handler.batchForget) this.#handler.batchForget(request, args)
    else for (const one of args.forgets) this.#handler.forget?.(request, one)
  }
}

const NO_FLAGS: Negotiated['flags'] = new Set()

const withoutReply = new Set<number>([
  Opcode.FORGET,
  Opcode.BATCH_FORGET,
  Opcode.INTERRUPT,
  Opcode.NOTIFY_REPLY,
])

function hasReply(opcode: number): boolean {
  return !withoutReply.has(opcode)
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
