// When to poll: every `entryTtl` while somebody uses the volume, more and more seldom when nobody does.
// Before it slows down, whoever caches answers is told to ask again; and the first request after that
// finds out for itself (Replica.ready).

import type { Clock } from '../volume/clock.js'

const intervalMsMin = 50
const defaultTtlMs = 1000

export interface PaceContext {
  readonly clock: Clock
  /** 0: opens poll by themselves, this only keeps the rest up to date. */
  readonly entryTtlMs: number
  readonly idleAfterMs: number
  readonly pollSlowestMs: number
  readonly isBusy: () => boolean
  readonly onIdle: () => void
  readonly poll: () => Promise<void>
}

export class Pace {
  readonly #context: PaceContext
  readonly #activeMs: number
  #intervalMs: number
  #lastRequestMs: number
  #cancel: (() => void) | undefined
  #stopped = false

  constructor(context: PaceContext) {
    this.#context = context
    // A poll and its way there and back must fit into the time that an answer may be old.
    this.#activeMs = Math.max(intervalMsMin, 0.75 * (context.entryTtlMs || defaultTtlMs))
    this.#intervalMs = this.#activeMs
    this.#lastRequestMs = context.clock.monotonicMs()
  }

  /** How old what is answered may be, in milliseconds. */
  get ageMsMax(): number {
    return Math.max(intervalMsMin, this.#context.entryTtlMs || defaultTtlMs)
  }

  start(): void {
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  /** A request came in. */
  touch(): void {
    this.#lastRequestMs = this.#context.clock.monotonicMs()
    if (this.#intervalMs === this.#activeMs) return
    this.#intervalMs = this.#activeMs
    this.#cancel?.()
    this.#schedule()
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#cancel = this.#context.clock.setTimer(this.#intervalMs, () => this.#tick())
  }

  #tick(): void {
    const { clock, idleAfterMs, pollSlowestMs, isBusy, onIdle, poll } = this.#context
    const isIdle = clock.monotonicMs() - this.#lastRequestMs > idleAfterMs && !isBusy()
    if (!isIdle) this.#intervalMs = this.#activeMs
    else {
      if (this.#intervalMs === this.#activeMs) onIdle()
      this.#intervalMs = Math.min(pollSlowestMs, this.#intervalMs * 2)
    }
    // Failures are counted by the poll itself; the next one is due all the same.
    const next = (): void => this.#schedule()
    poll().then(next, next)
  }
}
