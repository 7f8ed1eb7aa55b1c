// When a write lease is given back without being asked for: after a while without changes, and at the end.

import type { Clock } from '../volume/clock.js'
import type { Pipeline } from './pipeline.js'
import { sleep } from './waiting.js'

const idleCheckMs = 1000
const releaseCheckMs = 5

export interface LeaseLifeContext {
  readonly clock: Clock
  readonly signal: AbortSignal
}

export class LeaseLife {
  readonly #pipeline: Pick<Pipeline<never>, 'lease' | 'giveBack'>
  readonly #context: LeaseLifeContext

  constructor(
    pipeline: Pick<Pipeline<never>, 'lease' | 'giveBack'>,
    { clock, signal }: LeaseLifeContext,
  ) {
    this.#pipeline = pipeline
    this.#context = { clock, signal }
  }

  /** From now on a lease that is not used goes back. */
  start(): void {
    const { clock, signal } = this.#context
    if (signal.aborted) return
    clock.setTimer(idleCheckMs, () => {
      if (this.#pipeline.lease.isIdle) this.#pipeline.giveBack(false)
      this.start()
    })
  }

  /** Nothing more is changed: the lease goes back for good. Resolves when the log says so. */
  async end(): Promise<void> {
    const { clock, signal } = this.#context
    this.#pipeline.giveBack(true)
    while (this.#pipeline.lease.isReleaseDue && !signal.aborted)
      await sleep(clock, releaseCheckMs, signal)
  }
}
