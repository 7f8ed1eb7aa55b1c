// Housekeeping of the embedded engine, every few seconds and in small transactions: ends trails and
// deletes blocks that nobody needs (tables/trail-sweep.ts), clears what volumes left behind, removes
// the leases of dead processes. Each process that has the store open does it; what one has done the
// next does not find. Looks first, in a read, so that an idle store is not written to.

import type { LedgerRows } from '../../tables/block-ledger.js'
import { type DueTrails, dueTrails, endTrails, parseSession } from '../../tables/trail-sweep.js'
import type { Environment } from './environment.js'
import { clearPiece, dueLeftovers } from './leftovers.js'
import type { Registry } from './registry.js'

const everyMs = 5000
const readersEveryMs = 60_000
const limits = { seenMax: 20_000, dueMax: 200 }
/** Transactions of one round; the rest waits for the next. */
const piecesMax = 200

export class Sweeper {
  readonly #environment: Environment
  readonly #rows: LedgerRows
  readonly #registry: Registry
  readonly #nowMs: () => number
  readonly #timer: NodeJS.Timeout
  #running: Promise<number> | undefined
  #readersCheckedMs = performance.now()
  #stopped = false

  constructor(
    environment: Environment,
    rows: LedgerRows,
    registry: Registry,
    nowMs: () => number,
    onError: (error: Error) => void,
  ) {
    this.#environment = environment
    this.#rows = rows
    this.#registry = registry
    this.#nowMs = nowMs
    this.#timer = setInterval(() => this.sweep().catch(onError), everyMs)
    this.#timer.unref()
  }

  /** One round; answers how many blocks were deleted. Rounds do not overlap. */
  sweep(): Promise<number> {
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Ends the rounds; one under way stops after its present transaction. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#running?.catch(() => undefined)
  }

  async #round(): Promise<number> {
    this.#checkReaders()
    this.#environment.reserve.trim()
    let deleted = 0
    for (let piece = 0; piece < piecesMax && !this.#stopped; piece++) {
      this.#environment.refresh()
      const due = this.#dueTrails()
      if (due.trails.length === 0) break
      deleted += await this.#environment.write(() => this.#endTrails(), { urgent: true })
      if (!due.more) break
    }
    await this.#clearLeftovers()
    return deleted
  }

  #endTrails(): number {
    this.#registry.removeDead('session/')
    return endTrails(this.#rows, this.#dueTrails().trails)
  }

  #dueTrails(): DueTrails {
    const leases = this.#registry.heldLeases('session/')
    const sessions = leases.map(({ key, value }) => parseSession(key.split('/')[1] ?? '', value))
    return dueTrails(this.#rows, sessions, this.#nowMs(), limits)
  }

  async #clearLeftovers(): Promise<void> {
    if (this.#stopped) return
    this.#environment.refresh()
    let pieces = 0
    for (const volume of dueLeftovers(this.#environment, this.#nowMs())) {
      const clear = () => clearPiece(this.#environment, this.#rows, volume)
      while (pieces++ < piecesMax && !this.#stopped)
        if (await this.#environment.write(clear, { urgent: true })) break
    }
  }

  #checkReaders(): void {
    if (performance.now() - this.#readersCheckedMs < readersEveryMs) return
    this.#readersCheckedMs = performance.now()
    this.#environment.checkReaders()
  }
}
