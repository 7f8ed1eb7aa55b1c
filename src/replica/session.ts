// This process' session on the volume: a lease in the store that says how far it has followed the log
// and which blocks it still needs although no record names them. What it pins stands in the same write
// as the seq, so a seq is never reported without the pins that belong to it.

import type { Lease, Store } from '../store/store.js'
import type { Clock } from '../volume/clock.js'
import type { Hash } from '../volume/inode.js'
import type { Uuid } from '../volume/record.js'
import { LogHints } from './log-hints.js'
import type { ReplicaLogger } from './replica-options.js'
import { withTimeLimit } from './waiting.js'

export interface SessionContext {
  readonly store: Store
  readonly volume: Uuid
  readonly processId: Uuid
  readonly clock: Clock
  readonly logger: ReplicaLogger
  readonly storeTimeoutMs: number
  readonly sessionTtlMs: number
  /** The last entry applied here. */
  readonly seq: () => number
  readonly pins: () => Iterable<Hash>
}

export class Session {
  /** Word between it and the other sessions of the volume. */
  readonly hints: LogHints
  readonly #context: SessionContext
  readonly #key: string
  #cancel: (() => void) | undefined
  #closed = false
  #failing = false

  constructor(context: SessionContext) {
    this.#context = context
    this.hints = new LogHints(context)
    this.#key = `session/${context.volume}/${context.processId}`
  }

  /** The first report; rejects where it cannot be made: nothing may be read without it. */
  async open(): Promise<void> {
    await this.#report()
    await this.hints.open()
    this.#schedule()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    this.hints.close()
    const { store, processId, clock, storeTimeoutMs } = this.#context
    const work = store.releaseLease(this.#key, processId)
    await withTimeLimit(clock, storeTimeoutMs, 'end the session', work)
  }

  #schedule(): void {
    const { clock, sessionTtlMs } = this.#context
    this.#cancel = clock.setTimer(sessionTtlMs / 3, () => {
      this.#renew()
    })
  }

  async #renew(): Promise<void> {
    const { logger } = this.#context
    try {
      await this.#report()
      this.#failing = false
    } catch (error) {
      if (!this.#failing) logger.warn('the session on the volume cannot be renewed', { error })
      this.#failing = true
    }
    if (!this.#closed) this.#schedule()
  }

  async #report(): Promise<void> {
    const { store, processId, clock, storeTimeoutMs, sessionTtlMs, seq, pins } = this.#context
    const value = JSON.stringify({ seq: seq(), pins: [...pins()] })
    const lease: Lease = { key: this.#key, holder: processId, value }
    const work = store.acquireLease(lease, sessionTtlMs)
    const { held } = await withTimeLimit(clock, storeTimeoutMs, 'renew the session', work)
    if (!held) throw new Error(`the session ${this.#key} is held by somebody else`)
  }
}
