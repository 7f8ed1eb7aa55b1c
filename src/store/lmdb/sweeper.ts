// Housekeeping of the embedded engine, every few seconds and in small transactions: ends trails and
// deletes blocks that nobody needs (tables/trail-sweep.ts), clears what volumes left behind, removes
// the leases of dead processes. Each process that has the store open does it; what one has done the
// next does not find. Looks first, in a read, so that an idle store is not written to. While others write it
// gives way after each transaction: somebody waits for what they do, and nobody for this, unless it falls behind.

import { setTimeout as sleep } from 'node:timers/promises'
import type { LedgerRows } from '../../tables/block-ledger.js'
import { type DueTrails, dueTrails, endTrails, parseSession } from '../../tables/trail-sweep.js'
import type { Environment } from './environment.js'
import { clearPiece, dueLeftovers } from './leftovers.js'
import type { Registry } from './registry.js'

const everyMs = 5000
const readersEveryMs = 60_000
const limits = { seenMax: 20_000, dueMax: 200 }
/** Between two transactions of a round while others write: up to 4,000 trails a second end all the same. */
const giveWayMs = 50
/** Transactions of one round; the rest waits for the next. */
const piecesMax = 200

export class Sweeper {
  readonly #environment: Environment
  readonly #rows: LedgerRows
  readonly #registry: Registry
  readonly #nowMs: () => number
  readonly #onError: (error: Error) => void
  #timer: NodeJS.Timeout | undefined
  readonly #stop = new AbortController()
  #seen = { writes: 0, transactions: 0 }
  /** Its own writes since `seen`. */
  #own = 0
  /** The last round ended before all was done. */
  #isBehind = false
  #running: Promise<number> | undefined
  #readersCheckedMs = performance.now()

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
    this.#onError = onError
  }

  /** From now on a round every few seconds. */
  start(): void {
    this.#timer = setInterval(() => {
      if (!this.#running) this.sweep().catch(this.#onError)
    }, everyMs)
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
    this.#stop.abort()
    clearInterval(this.#timer)
    await this.#running?.catch(() => undefined)
  }

  async #round(): Promise<number> {
    this.#checkReaders()
    this.#environment.reserve.trim()
    let deleted = 0
    this.#environment.refresh()
    this.#mark()
    let more = this.#dueTrails(1).trails.length > 0
    for (let piece = 0; more && piece < piecesMax && !this.#isStopped; piece++) {
      const ended = await this.#write(() => this.#endTrails())
      deleted += ended.deleted
      more = ended.more
      if (more) await this.#giveWay()
    }
    this.#isBehind = more
    await this.#clearLeftovers()
    return deleted
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  #write<T>(run: () => T): Promise<T> {
    this.#own++
    return this.#environment.write(run, { urgent: true })
  }

  #mark(): void {
    this.#seen = this.#environment.activity()
    this.#own = 0
  }

  /** Since `mark`, in this process or another. */
  #haveOthersWritten(): boolean {
    const now = this.#environment.activity()
    const writes = now.writes - this.#seen.writes
    return writes > this.#own || now.transactions - this.#seen.transactions > writes
  }

  async #giveWay(): Promise<void> {
    const isAlone = !this.#haveOthersWritten()
    this.#mark()
    if (isAlone || this.#isBehind) return
    const { signal } = this.#stop
    await sleep(giveWayMs, undefined, { signal }).catch(() => undefined)
  }

  #endTrails(): { deleted: number; more: boolean } {
    this.#registry.removeDead('session/')
    const { trails, more } = this.#dueTrails(limits.dueMax)
    // Pinned ones may be all that there is more of.
    return { deleted: endTrails(this.#rows, trails), more: more && trails.length > 0 }
  }

  #dueTrails(dueMax: number): DueTrails {
    const leases = this.#registry.heldLeases('session/')
    const sessions = leases.map(({ key, value }) => parseSession(key.split('/')[1] ?? '', value))
    return dueTrails(this.#rows, sessions, this.#nowMs(), { ...limits, dueMax })
  }

  async #clearLeftovers(): Promise<void> {
    if (this.#isStopped) return
    this.#environment.refresh()
    let pieces = 0
    for (const volume of dueLeftovers(this.#environment, this.#nowMs())) {
      const clear = () => clearPiece(this.#environment, this.#rows, volume)
      while (pieces++ < piecesMax && !this.#isStopped) {
        if (await this.#write(clear)) break
        await this.#giveWay()
      }
    }
  }

  #checkReaders(): void {
    if (performance.now() - this.#readersCheckedMs < readersEveryMs) return
    this.#readersCheckedMs = performance.now()
    this.#environment.checkReaders()
  }
}
