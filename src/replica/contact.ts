// Whether the store answers, and how fresh what it said is. Two failures in a row mean offline: from
// then on changes fail at once instead of holding the kernel's directory locks, until something
// succeeds again.

import type { Clock } from '../volume/clock.js'
import type { ReplicaLogger } from './replica-options.js'

const failuresMax = 2
const headAfterMs = 60_000

/** Polls and commits count apart: a store may answer reads while its commits find no quorum. */
export type Call = 'poll' | 'commit'

export class Contact {
  readonly #clock: Clock
  readonly #logger: ReplicaLogger
  readonly #onOffline: () => void
  readonly #failures = { poll: 0, commit: 0 }
  #lastMs: number
  #freshMs: number
  #freshWallSec: number

  constructor(clock: Clock, logger: ReplicaLogger, onOffline: () => void) {
    this.#clock = clock
    this.#logger = logger
    this.#onOffline = onOffline
    this.#lastMs = clock.monotonicMs()
    this.#freshMs = this.#lastMs
    this.#freshWallSec = clock.wall().sec
  }

  get isOffline(): boolean {
    return this.#failures.poll >= failuresMax || this.#failures.commit >= failuresMax
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

  /** What we show is the end of the log as of `startedMs`, or later. */
  followed(startedMs: number): void {
    this.answered('poll')
    if (startedMs <= this.#freshMs) return
    this.#freshMs = startedMs
    this.#freshWallSec = this.#clock.wall().sec
  }

  failed(call: Call, cause: unknown): void {
    const wasOffline = this.isOffline
    this.#failures[call]++
    if (wasOffline || !this.isOffline) return
    this.#logger.warn('the store does not answer: reads go on, changes fail', { error: cause })
    this.#onOffline()
  }

  /** What we show is what the log said at most `ageMs` ago. */
  isFresh(ageMs: number): boolean {
    return this.#clock.monotonicMs() - this.#freshMs <= ageMs
  }

  /**
   * A minute without contact, by either clock (the monotonic one may stand still in suspend): an empty
   * log proves nothing any more, it may have expired.
   */
  get needsHead(): boolean {
    if (this.isOffline || !this.isFresh(headAfterMs)) return true
    return Math.abs(this.#clock.wall().sec - this.#freshWallSec) * 1000 > headAfterMs
  }
}
