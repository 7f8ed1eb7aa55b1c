// What lies between one mount and the store: time, losses and cuts. A call may be lost on its way
// (nothing happens), its answer may be lost (it happened), or it may arrive long after the mount has been
// told that nobody knows (a ghost).

import {
  type Commit,
  type CommitOutcome,
  type Store,
  StoreUnavailable,
} from '../../src/store/store.js'
import type { LogEntry } from '../../src/volume/log-entry.js'
import type { SeededRandom } from './seeded-random.js'
import type { MachineClock } from './virtual-time.js'
import type { World } from './world.js'

export interface LineFaults {
  readonly delayMsMax: number
  /** Chances for one call. */
  readonly lostCall: number
  readonly lostAnswer: number
  readonly ghost: number
  /** A listing of the log without its middle: a quorum read can show N+2 before N+1. */
  readonly tornLog: number
}

const ghostDelayMsMax = 8000
const unknownAfterMsMax = 2500

export class Line {
  readonly #world: World
  readonly #clock: MachineClock
  readonly #random: SeededRandom
  #faults: LineFaults
  /** Nothing gets through. */
  isCut = false

  constructor(world: World, clock: MachineClock, random: SeededRandom, faults: LineFaults) {
    this.#world = world
    this.#clock = clock
    this.#random = random
    this.#faults = faults
  }

  /** From now on only `faults` happen. */
  mend(faults: LineFaults): void {
    this.isCut = false
    this.#faults = faults
  }

  /** The store as seen from this mount; `shared`: with the engine's tables in reach. */
  store(shared: boolean): Store {
    const { identity } = this.#world
    const call = <T>(run: (store: Store) => Promise<T>): Promise<T> => this.#call(run)
    const store: Partial<Store> = {
      engine: 'memory',
      tables: shared ? (volume) => this.#world.store.tables?.(volume) as never : undefined,
      readHead: (volume) => call((to) => to.readHead(volume)),
      scan: (volume, after, limit) => call((to) => to.scan(volume, after, limit)),
      readLog: (volume, after, limit) =>
        call((to) => to.readLog(volume, after, limit)).then((entries) => this.#tear(entries)),
      commit: (commit) => this.#commit(commit),
      readOwner: () => call((to) => to.readOwner(identity.ownerName)),
      compareAndSetOwner: (owner, expect, next) =>
        call((to) => to.compareAndSetOwner(owner, expect, next)),
      acquireLease: (lease, ttlMs) => call((to) => to.acquireLease(lease, ttlMs)),
      releaseLease: (key, holder) => call((to) => to.releaseLease(key, holder)),
    }
    return store as Store
  }

  async #commit(commit: Commit): Promise<CommitOutcome> {
    try {
      return await this.#call(() => this.#world.commit(commit))
    } catch (cause) {
      return { kind: 'unknown', cause: cause as Error }
    }
  }

  #call<T>(run: (store: Store) => Promise<T>): Promise<T> {
    const { time } = this.#world
    const random = this.#random
    return new Promise((resolve, reject) => {
      const deliver = (answer: () => void): void => this.#clock.whenRunning(answer)
      const loseAnswer = (): void => {
        const error = new StoreUnavailable('no answer')
        time.after(random.between(10, unknownAfterMsMax), () => deliver(() => reject(error)))
      }
      time.after(this.#delayMs(), () => {
        const { lostCall, lostAnswer, ghost } = this.#faults
        if (this.isCut || random.chance(lostCall)) return loseAnswer()
        if (random.chance(ghost)) {
          loseAnswer()
          time.after(random.between(0, ghostDelayMsMax), () => void run(this.#world.store))
          return
        }
        run(this.#world.store).then(
          (value) => {
            if (random.chance(lostAnswer)) return loseAnswer()
            time.after(this.#delayMs(), () => {
              if (this.isCut) loseAnswer()
              else deliver(() => resolve(value))
            })
          },
          (error) => deliver(() => reject(error)),
        )
      })
    })
  }

  #delayMs(): number {
    return this.#random.between(0, this.#faults.delayMsMax)
  }

  #tear(entries: LogEntry[]): LogEntry[] {
    if (entries.length < 2 || !this.#random.chance(this.#faults.tornLog)) return entries
    return entries.toSpliced(this.#random.below(entries.length - 1), 1)
  }
}
