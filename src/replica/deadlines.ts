// When callers that wait get EIO: each some seconds after its change was queued. While another process is
// asked for the write lease that does not count, but there is an end to that too; nor does the time for which
// this process stood still.

import type { Clock } from '../volume/clock.js'
import type { Member } from './member.js'
import { stillMs, stoodStillMs } from './running-time.js'

/** How long a change may wait for another process' lease. */
const leaseWaitMsMax = 60_000

export interface DeadlinesContext<Intent> {
  readonly clock: Clock
  /** What every caller is given. */
  readonly deadlineMs: number
  /** Whoever may wait. */
  readonly members: () => Iterable<Member<Intent>>
  /** The time of some may be over. */
  readonly onDue: () => void
}

export class Deadlines<Intent> {
  readonly #context: DeadlinesContext<Intent>
  readonly #graced = new WeakSet<Member<Intent>>()
  #cancel: (() => void) | undefined

  constructor(context: DeadlinesContext<Intent>) {
    this.#context = context
  }

  /** Calls `onDue` when the first is over, or before. */
  arm(): void {
    if (this.#cancel) return
    const { clock, members, onDue } = this.#context
    let first = Number.POSITIVE_INFINITY
    for (const { deadlineMs } of members()) first = Math.min(first, deadlineMs)
    if (first === Number.POSITIVE_INFINITY) return
    const setMs = clock.monotonicMs()
    // Looked at every second, so that a standstill is seen by how late it is.
    const delayMs = Math.min(stillMs, Math.max(1, first - setMs))
    this.#cancel = clock.setTimer(delayMs, () => {
      this.#cancel = undefined
      this.#forgive(stoodStillMs(clock, setMs, delayMs))
      onDue()
    })
  }

  /** Whether a member's time is over, as of now. */
  get isOver(): (member: Member<Intent>) => boolean {
    const nowMs = this.#context.clock.monotonicMs()
    return ({ deadlineMs }) => deadlineMs <= nowMs
  }

  /** They wait for another process now: as if they had come later. */
  hold(): void {
    const { clock, deadlineMs, members } = this.#context
    const laterMs = clock.monotonicMs() + deadlineMs
    for (const member of members()) {
      const endMs = Math.min(laterMs, member.arrivedMs + leaseWaitMsMax)
      member.deadlineMs = Math.max(member.deadlineMs, endMs)
    }
  }

  /** The answer that they wait for may be here, and could not be taken yet: each has a second for it, once. */
  #forgive(lateMs: number): void {
    if (lateMs === 0) return
    const { clock, members } = this.#context
    const soonMs = clock.monotonicMs() + stillMs
    for (const member of members()) {
      member.deadlineMs += lateMs
      if (member.deadlineMs >= soonMs || this.#graced.has(member)) continue
      member.deadlineMs = soonMs
      this.#graced.add(member)
    }
  }

  stop(): void {
    this.#cancel?.()
  }
}
