// Hints of other processes that the log has gone on, and ours to them: quicker than polls, where the store
// has a way. A hint is never believed: it causes a look at the log, and not too often. Without them, or
// when one is lost, everything goes on by polling.

import type { Hints, Store } from '../store/store.js'
import type { Clock } from '../volume/clock.js'
import type { Uuid } from '../volume/record.js'
import type { ReplicaLogger } from './replica-options.js'

/** Looks because of hints have at least so much between them. */
const lookGapMs = 10

export interface LogHintsContext {
  readonly store: Store
  readonly volume: Uuid
  readonly clock: Clock
  readonly logger: ReplicaLogger
  /** The last entry applied here. */
  readonly seq: () => number
}

export class LogHints {
  /** Looks at the log; set by whoever follows it. */
  look: () => Promise<void> = async () => {}
  readonly #context: LogHintsContext
  #hints: Hints | undefined
  #lookedMs = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined
  #closed = false

  constructor(context: LogHintsContext) {
    this.#context = context
  }

  /** Never rejects. */
  async open(): Promise<void> {
    const { store, volume } = this.#context
    const failed = (error: unknown) => this.#debug('no hints of other processes', error)
    try {
      this.#hints = await store.hints?.(volume, { hint: (seq) => this.#hear(seq), failed })
      if (this.#closed) this.#hints?.close()
    } catch (error) {
      failed(error)
    }
  }

  /** Others have something to do about entry `seq`. */
  tell(seq: number): void {
    this.#hints?.tell(seq)
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
    this.#hints?.close()
  }

  #hear(seq: number): void {
    const { clock } = this.#context
    // A look that is due sees this too.
    if (this.#closed || this.#cancel || seq <= this.#context.seq()) return
    const waitMs = this.#lookedMs + lookGapMs - clock.monotonicMs()
    if (waitMs <= 0) this.#lookNow()
    else this.#cancel = clock.setTimer(waitMs, () => this.#lookNow())
  }

  #lookNow(): void {
    this.#cancel = undefined
    this.#lookedMs = this.#context.clock.monotonicMs()
    this.look().catch((error: unknown) => this.#debug('a look because of a hint failed', error))
  }

  #debug(message: string, error: unknown): void {
    this.#context.logger.debug?.(message, { error })
  }
}
