// Time as the layers above the engines see it, so that tests and simulations can run it by hand.

import type { Timespec } from './inode.js'

export interface Clock {
  /** CLOCK_REALTIME; may jump. */
  wall(): Timespec
  /** Milliseconds that never run backwards; only differences mean something. */
  monotonicMs(): number
  /** Calls `fire` once after `delayMs`; the answer cancels it. Does not keep the process alive. */
  setTimer(delayMs: number, fire: () => void): () => void
}

/** The clock of this machine. */
export const systemClock: Clock = {
  wall() {
    const ms = performance.timeOrigin + performance.now()
    const sec = Math.floor(ms / 1000)
    return { sec, nsec: Math.floor((ms - sec * 1000) * 1e6) }
  },
  monotonicMs: () => performance.now(),
  setTimer(delayMs, fire) {
    const timer = setTimeout(fire, delayMs)
    timer.unref()
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
