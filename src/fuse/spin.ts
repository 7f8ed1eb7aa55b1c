// Whether to read the device on for a moment after the last request, in place of going to sleep: a
// client that works step by step sends its next request some microseconds after a reply, and both
// save a wake-up. It only pays while requests do come and a core is idle; else it takes time from
// those that it waits for. So spins that catch nothing make further ones rarer, and while more wants
// to run than the machine has cores (but for one, which may be a thread of this process) there are none.

import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** Spins in a row that caught nothing, before they become rarer. */
const MISSES_MAX = 4
/** At the rarest, one time in so many. */
const RAREST = 64
/**
 * Tasks beyond the cores that do not count: a thread of this process packs and stores what was just answered. With
 * one an unpack woke the event loop 300 times in place of 2,000, and was a tenth faster (two cores, bench/tree.ts).
 */
const OWN_TASKS = 1
/** How long the answer to "is a core idle" holds, in milliseconds. */
const LOAD_AGE_MAX_MS = 50

/** What spinning has cost and gained. */
export interface SpinCounts {
  /** Spins, and how many of them caught a request. */
  spins: number
  spinHits: number
  /** Time spent in spins that caught nothing, in milliseconds. */
  spinWastedMs: number
}

/** Tasks of the whole machine that run or could, this one included; Infinity where unknown. */
export function runnableTasks(): number {
  try {
    // 0.20 0.18 0.12 3/412 4711: the fourth is runnable/existing (proc_loadavg(5)).
    const [, , , tasks = ''] = readFileSync('/proc/loadavg', 'latin1').split(' ')
    const runnable = Number.parseInt(tasks, 10)
    return Number.isNaN(runnable) ? Number.POSITIVE_INFINITY : runnable
  } catch {
    // No such file (a strange container): as if the machine were busy, which costs only speed.
    return Number.POSITIVE_INFINITY
  }
}

export class Spin {
  readonly counts: SpinCounts = { spins: 0, spinHits: 0, spinWastedMs: 0 }
  /** How long one spin may last, in milliseconds; 0 for never. */
  readonly durationMs: number
  readonly #runnable: () => number
  readonly #cores: number
  #misses = 0
  #turnsToWait = 1
  #loadReadAtMs = Number.NEGATIVE_INFINITY
  #isBusy = false

  constructor(durationMicroseconds: number, runnable = runnableTasks, cores = cpus().length) {
    this.durationMs = durationMicroseconds / 1000
    this.#runnable = runnable
    this.#cores = cores
  }

  /** Asked when there are no more requests; `nowMs` on the clock of performance.now. */
  mayStart(nowMs: number): boolean {
    if (this.durationMs === 0 || --this.#turnsToWait > 0) return false
    if (nowMs - this.#loadReadAtMs > LOAD_AGE_MAX_MS) {
      this.#loadReadAtMs = nowMs
      this.#isBusy = this.#runnable() > this.#cores + OWN_TASKS
    }
    if (this.#isBusy) return false
    this.counts.spins++
    return true
  }

  /** A request came while spinning. */
  hit(): void {
    this.counts.spinHits++
    this.#misses = 0
    this.#turnsToWait = 1
  }

  /** None came, for so long. */
  miss(idleMs: number): void {
    this.counts.spinWastedMs += idleMs
    this.#misses++
    const excess = Math.max(0, this.#misses - MISSES_MAX)
    this.#turnsToWait = Math.min(2 ** Math.min(excess, 10), RAREST)
  }
}
