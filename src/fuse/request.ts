// One request while it is being answered: what the header says, and what may happen to it.

import type { Request } from './handler.js'
import { InHeader, toNumber, UNIQUE_RESEND_HI } from './wire/layout.js'
import type { RequestFrame } from './wire/request-frame.js'

/** A request's number without the mark of a second delivery, as a key. */
export function uniqueKey(lo: number, hi: number): number {
  return (hi & ~UNIQUE_RESEND_HI) * 0x1_0000_0000 + lo
}

export class FuseRequest implements Request {
  readonly opcode: number
  readonly uniqueLo: number
  uniqueHi: number
  readonly nodeid: number
  readonly uid: number
  readonly gid: number
  readonly pid: number
  readonly groups: readonly number[] | undefined
  /** A reply was sent, or tried to be: there will not be another. */
  isAnswered = false
  #controller: AbortController | undefined
  #isInterrupted = false
  #replyFailed: ((errno: number) => void) | undefined

  constructor(frame: RequestFrame) {
    const { words } = frame
    this.opcode = words[InHeader.opcode] as number
    this.uniqueLo = words[InHeader.unique] as number
    this.uniqueHi = words[InHeader.unique + 1] as number
    this.nodeid = toNumber(words[InHeader.nodeid] as number, words[InHeader.nodeid + 1] as number)
    this.uid = words[InHeader.uid] as number
    this.gid = words[InHeader.gid] as number
    this.pid = words[InHeader.pid] as number
    this.groups = frame.end === frame.length ? undefined : frame.groups()
  }

  get unique(): string {
    const lo = this.uniqueLo.toString(16)
    return this.uniqueHi === 0 ? lo : this.uniqueHi.toString(16) + lo.padStart(8, '0')
  }

  get key(): number {
    return uniqueKey(this.uniqueLo, this.uniqueHi)
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isInterrupted) this.#controller.abort()
    return this.#controller.signal
  }

  onReplyFailed(callback: (errno: number) => void): void {
    this.#replyFailed = callback
  }

  /** The caller no longer waits. */
  interrupt(): void {
    this.#isInterrupted = true
    this.#controller?.abort()
  }

  /** The reply could not be handed over. */
  replyFailed(errno: number): void {
    this.#replyFailed?.(errno)
  }
}
