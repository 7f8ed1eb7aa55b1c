// Time for which this process ran. While it stands still (SIGSTOP, a frozen container, a machine without a turn)
// answers come in that it cannot take: nobody is told that they did not come in time because of that.

import type { Clock } from '../volume/clock.js'

/** A timer that is so late has not run in time: the process stood still. */
export const stillMs = 1000

/** How much too late a timer of `delayMs` is that was set at `setMs`; 0: as late as timers are. */
export function stoodStillMs(clock: Clock, setMs: number, delayMs: number): number {
  const lateMs = clock.monotonicMs() - setMs - delayMs
  return lateMs < stillMs ? 0 : lateMs
}

/**
 * Calls `fire` once this process has run for `delayMs`, and for a second at least behind a standstill; what it
 * answers cancels that.
 */
export function afterRunning(clock: Clock, delayMs: number, fire: () => void): () => void {
  let leftMs = delayMs
  let isGraced = false
  let cancel = (): void => {}
  const wait = (): void => {
    const spanMs = Math.min(leftMs, stillMs)
    const setMs = clock.monotonicMs()
    cancel = clock.setTimer(spanMs, () => {
      leftMs -= spanMs
      if (leftMs <= 0 && !isGraced && stoodStillMs(clock, setMs, spanMs) > 0) {
        isGraced = true
        leftMs = stillMs
      }
      if (leftMs > 0) wait()
      else fire()
    })
  }
  wait()
  return () => cancel()
}
