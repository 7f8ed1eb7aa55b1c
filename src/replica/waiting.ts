// Waits that end: every one has a limit, and stops when the replica closes.

import { StoreUnavailable } from '../store/store.js'
import type { Clock } from '../volume/clock.js'
import { afterRunning } from './running-time.js'

/**
 * What `work` answers, or StoreUnavailable once this process has run for `limitMs`; the work itself cannot be
 * recalled.
 */
export function withTimeLimit<T>(
  clock: Clock,
  limitMs: number,
  what: string,
  work: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = afterRunning(clock, limitMs, () =>
      reject(new StoreUnavailable(`${what}: no answer within ${limitMs} ms`)),
    )
    const settle = (end: () => void): void => {
      cancel()
      end()
    }
    work.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    )
  })
}

/** Resolves after `delayMs`, or at once when `signal` is aborted. Keeps the process alive. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.setTimer(delayMs, end, true)
    signal.addEventListener('abort', end)
  })
}

/** 0-20 ms at first, doubling to 0-500 ms: those who lost a race must not meet again at once. */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.min(500, 20 * 2 ** Math.min(attempt, 10)) * random()
}

/** A sleep that whoever has something to do may end. */
export class Nap {
  readonly #clock: Clock
  #end: () => void = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.setTimer(delayMs, resolve, true)
      this.#end = () => {
        cancel()
        resolve()
      }
    })
  }

  wake(): void {
    this.#end()
  }
}
