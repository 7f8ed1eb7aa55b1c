// Time as the layers above the engines see it, so that tests and simulations can run it by hand.

import { bootTimeMs } from '../native/clock.js'
import type { Timespec } from './inode.js'

export interface Clock {
  /** CLOCK_REALTIME; may jump. */
  wall(): Timespec
  /** Milliseconds that never run backwards; only differences mean something. */
  monotonicMs(): number
  /** As `monotonicMs`, but goes on while the machine is suspended (CLOCK_BOOTTIME). */
  bootMs(): number
  /**
   * Calls `fire` once after `delayMs`; the answer cancels it. Keeps the process alive only where
   * `holds` is set: for waits that somebody waits for.
   */
  setTimer(delayMs: number, fire: () => void, holds?: boolean): () => void
}

/** How far the fine clock may be off before it is set anew: the wall's ticks are 1 ms. */
const wallDriftMsMax = 2
let wallOriginMs = Date.now() - performance.now()

/** The clock of this machine. */
export const systemClock: Clock = {
  wall() {
    // performance.now() is fine, but knows neither of a clock that is set nor of suspend.
    const coarseMs = Date.now()
    const fineMs = performance.now()
    if (Math.abs(coarseMs - wallOriginMs - fineMs) > wallDriftMsMax)
      wallOriginMs = coarseMs - fineMs
    const ms = wallOriginMs + fineMs
    const sec = Math.floor(ms / 1000)
    return { sec, nsec: Math.floor((ms - sec * 1000) * 1e6) }
  },
  monotonicMs: () => performance.now(),
  bootMs: bootTimeMs,
  setTimer(delayMs, fire, holds = false) {
    const timer = setTimeout(fire, delayMs)
    if (!holds) timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Negative, zero or positive as `a` is before, at or after `b`. */
export function compareTimes(a: Timespec, b: Timespec): number {
  return a.sec - b.sec || a.nsec - b.nsec
}

/** The later of `now` and one nanosecond after `last`: how a ctime moves (it never runs backwards). */
export function timeAfter(now: Timespec, last: Timespec): Timespec {
  if (compareTimes(now, last) > 0) return now
  return last.nsec === 999_999_999
    ? { sec: last.sec + 1, nsec: 0 }
    : { sec: last.sec, nsec: last.nsec + 1 }
}
