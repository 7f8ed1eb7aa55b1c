// When callers that wait get EIO: each some seconds after its change was queued. While another process is
// asked for the write lease that does not count, but there is an end to that too.

import type { Clock } from '../volume/clock.js'
import type { Member } from './member.js'

/** How long a change may wait for another process' lease. */
const leaseWaitMsMax = 60_000

export class Deadlines<Intent> {
  readonly #clock: Clock
  readonly #onDue: () => void
  readonly #deadlineMs: number
  #cancel: (() => void) | undefined

  /** `deadlineMs`: what every caller is given. */
  constructor(clock: Clock, deadlineMs: number, onDue: () => void) {
    this.#clock = clock
    this.#deadlineMs = deadlineMs
    this.#onDue = onDue
  }

  /** Calls `onDue` when the first of these is over. */
  arm(members: Iterable<Member<Intent>>): void {
    if (this.#cancel) return
    let first = Number.POSITIVE_INFINITY
    for (const { deadlineMs } of members) first = Math.min(first, deadlineMs)
    if (first === Number.POSITIVE_INFINITY) return
    const delayMs = Math.max(1, first - this.#clock.monotonicMs())
    this.#cancel = this.#clock.setTimer(delayMs, () => {
      this.#cancel = undefined
      this.#onDue()
    })
  }

  /** Whether a member's time is over, as of now. */
  get isOver(): (member: Member<Intent>) => boolean {
    const nowMs = this.#clock.monotonicMs()
    return ({ deadlineMs }) => deadlineMs <= nowMs
  }

  /** These wait for another process now: as if they had come later. */
  hold(members: Iterable<Member<Intent>>): void {
    const laterMs = this.#clock.monotonicMs() + this.#deadlineMs
    for (const member of members) {
      const endMs = Math.min(laterMs, member.arrivedMs + leaseWaitMsMax)
      member.deadlineMs = Math.max(member.deadlineMs, endMs)
    }
  }

  stop(): void {
    this.#cancel?.()
  }
}
