// What lies between one mount and the store: the decorator that fails as networks do, waits until a
// time-out where it lost something, and a machine that takes an answer only while it runs.

import { aroundStore } from '../../src/store/around-store.js'
import { type Store, StoreUnavailable } from '../../src/store/store.js'
import { type Faults, withFaults } from '../../src/store/with-faults.js'
import type { LogEntry } from '../../src/volume/log-entry.js'
import type { SeededRandom } from './seeded-random.js'
import type { MachineClock } from './virtual-time.js'
import type { World } from './world.js'

export interface LineFaults extends Faults {
  /** A listing of the log without its middle: a quorum read can show N+2 before N+1. */
  gap: number
}

const timeoutMsMax = 2500

export class Line {
  readonly #world: World
  readonly #clock: MachineClock
  readonly #random: SeededRandom
  readonly #faults: LineFaults
  #answeredMs = Number.NEGATIVE_INFINITY

  constructor(world: World, clock: MachineClock, random: SeededRandom, faults: LineFaults) {
    this.#world = world
    this.#clock = clock
    this.#random = random
    this.#faults = { ...faults }
  }

  /** When the last request began that was answered, by the machine's own clock. */
  get answeredMs(): number {
    return this.#answeredMs
  }

  /** Nothing gets through. */
  set isCut(isCut: boolean) {
    this.#faults.isCut = isCut
  }

  /** From now on only `faults` happen. */
  mend(faults: LineFaults): void {
    Object.assign(this.#faults, faults)
  }

  /** The store as seen from this mount; `shared`: with the engine's tables in reach. */
  store(shared: boolean): Store {
    const { time, front } = this.#world
    const { next } = this.#random
    const sleep = (ms: number): Promise<void> => time.sleep(ms)
    const faulty = withFaults(front, this.#faults, { random: next, sleep, keepTables: shared })
    return aroundStore(faulty, async (method, run) => {
      const startedMs = this.#clock.bootMs()
      const answer = await run().catch((error: Error) => error)
      const isLost = answer instanceof StoreUnavailable || isUnknown(answer)
      if (isLost) await sleep(this.#random.between(10, timeoutMsMax))
      await this.#running()
      if (answer instanceof Error) throw answer
      if (!isLost) this.#answeredMs = Math.max(this.#answeredMs, startedMs)
      return method === 'readLog' ? this.#leaveGap(answer as LogEntry[]) : answer
    })
  }

  /** Resolves when the machine takes it. */
  #running(): Promise<void> {
    return new Promise((resolve) => this.#clock.whenRunning(resolve))
  }

  #leaveGap(entries: LogEntry[]): LogEntry[] {
    if (entries.length < 2 || !this.#random.chance(this.#faults.gap)) return entries
    return entries.toSpliced(this.#random.below(entries.length - 1), 1)
  }
}

function isUnknown(answer: unknown): boolean {
  return (answer as { kind?: unknown } | undefined)?.kind === 'unknown'
}
