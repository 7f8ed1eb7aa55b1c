// Whether the store answers, and how fresh what it said is. Two failures in a row mean offline: from
// then on changes fail at once instead of holding the kernel's directory locks, until something
// succeeds again.

import type { Clock } from '../volume/clock.js'
import type { ReplicaLogger } from './replica-options.js'

const failuresMax = 2
const headAfterMs = 60_000
/** How far behind the monotonic clock the wall's may be before that means "was set". */
const driftMsMax = 1000

/** Polls and commits count apart: a store may answer reads while its commits find no quorum. */
export type Call = 'poll' | 'commit'

/** A moment, by all clocks. */
export interface Moment {
  readonly monotonicMs: number
  /** Goes on in suspend. */
  readonly bootMs: number
  readonly wallMs: number
}

export function momentOf(clock: Clock): Moment {
  return { monotonicMs: clock.monotonicMs(), bootMs: clock.bootMs(), wallMs: wallMsOf(clock) }
}

function wallMsOf(clock: Clock): number {
  const { sec, nsec } = clock.wall()
  return sec * 1000 + nsec / 1e6
}

/** Before anything: what was shown then is not fresh. */
export const longAgo: Moment = {
  monotonicMs: Number.NEGATIVE_INFINITY,
  bootMs: Number.NEGATIVE_INFINITY,
  wallMs: Number.NEGATIVE_INFINITY,
}

export class Contact {
  readonly #clock: Clock
  readonly #logger: ReplicaLogger
  readonly #onOffline: () => void
  readonly #failures = { poll: 0, commit: 0 }
  #lastMs: number
  #fresh: Moment

  /** `fresh`: when what was loaded was read. */
  constructor(clock: Clock, logger: ReplicaLogger, fresh: Moment, onOffline: () => void) {
    this.#clock = clock
    this.#logger = logger
    this.#onOffline = onOffline
    this.#lastMs = clock.monotonicMs()
    this.#fresh = fresh
  }

  get isOffline(): boolean {
    return this.#failures.poll >= failuresMax || this.#failures.commit >= failuresMax
  }

  /** What is here was the end of the log then, or later. */
  get fresh(): Moment {
    return this.#fresh
  }

  /** Since anything succeeded. */
  get ageMs(): number {
    return this.#clock.monotonicMs() - this.#lastMs
  }

  /** The store answered a call of this kind, whatever it said. */
  answered(call: Call): void {
    this.#lastMs = this.#clock.monotonicMs()
    if (this.#failures[call] === 0) return
    const wasOffline = this.isOffline
    this.#failures[call] = 0
    if (wasOffline && !this.isOffline) this.#logger.info('the store answers again')
  }

  /** What we show is the end of the log as of `started`, or later. */
  followed(started: Moment): void {
    this.answered('poll')
    const fresh = this.#fresh
    if (started.monotonicMs > fresh.monotonicMs || started.wallMs > fresh.wallMs)
      this.#fresh = started
  }

  failed(call: Call, cause: unknown): void {
    const wasOffline = this.isOffline
    this.#failures[call]++
    if (wasOffline || !this.isOffline) return
    this.#logger.warn('the store does not answer: reads go on, changes fail', { error: cause })
    this.#onOffline()
  }

  /**
   * What we show is what the log said at most `ageMs` ago. The monotonic clock may have stood still
   * (suspend), so the longer of both counts; where that was set, this is only asked once too often.
   */
  isFresh(ageMs: number): boolean {
    // Asked before every request: the third clock would cost a system call.
    const passedMs = this.#clock.monotonicMs() - this.#fresh.monotonicMs
    const wallPassedMs = wallMsOf(this.#clock) - this.#fresh.wallMs
    return Math.max(passedMs, wallPassedMs) <= ageMs && passedMs - wallPassedMs <= driftMsMax
  }

  /** A minute without contact, by either clock: an empty log proves nothing, it may have expired. */
  get needsHead(): boolean {
    return this.isOffline || !this.isFresh(headAfterMs)
  }
}
