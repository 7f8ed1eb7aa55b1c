// Whether the engine's tables, which any process of the machine may move, are still where this replica has
// followed them to. That is looked at once a tick, and not even then while nobody else can move them.

import type { Clock } from '../volume/clock.js'

export class Look {
  /** Whether a look begun at that `Clock.bootMs` still tells where the tables are. */
  isGood: (begunMs: number) => boolean = () => false
  readonly #clock: Pick<Clock, 'bootMs'>
  readonly #compare: () => boolean
  #behind = false
  #begunMs = Number.NEGATIVE_INFINITY
  #looked = false
  readonly #tickEnds = (): void => {
    this.#looked = false
  }

  /** `compare`: whether the tables have moved on, as of now. */
  constructor(clock: Pick<Clock, 'bootMs'>, compare: () => boolean) {
    this.#clock = clock
    this.#compare = compare
  }

  /** What the last look told. */
  get wasBehind(): boolean {
    return this.#behind
  }

  /** Whether they have moved on: looked at where that was not done in this tick. */
  get isBehind(): boolean {
    return this.#looked ? this.#behind : this.ifDue()
  }

  /** The same, though it was looked at in this tick, unless nobody can have moved them since. */
  ifDue(): boolean {
    if (this.#behind || !this.isGood(this.#begunMs)) return this.now()
    this.#note()
    return false
  }

  /** The same, in any case. */
  now(): boolean {
    const begunMs = this.#clock.bootMs()
    // Where it throws nothing was seen.
    this.#begunMs = Number.NEGATIVE_INFINITY
    this.#behind = this.#compare()
    this.#begunMs = begunMs
    this.#note()
    return this.#behind
  }

  /** Other tables are followed now. */
  reset(): void {
    this.#behind = false
    this.#begunMs = Number.NEGATIVE_INFINITY
  }

  #note(): void {
    if (!this.#looked) queueMicrotask(this.#tickEnds)
    this.#looked = true
  }
}
