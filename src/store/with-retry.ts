// Asks again where the store gave no answer and asking twice does no harm: reads, uploads, leases. Not
// commits and compare-and-sets, whose unknown outcomes are for those to resolve who know what they
// meant; nor first loads, whose volume id is used up by the first attempt.

import { setMaxListeners } from 'node:events'
import { setTimeout as sleepFor } from 'node:timers/promises'
import { aroundStore, type StoreMethod } from './around-store.js'
import { type Store, StoreUnavailable } from './store.js'

const once = new Set<StoreMethod>([
  'commit',
  'firstLoad',
  'compareAndSetOwner',
  'compareAndSetEnvironment',
])

export interface RetryOptions {
  /** The first one counted. */
  readonly attemptsMax: number
  /** Before the second attempt; doubles up to `delayMsMax`, each time less up to half of it. */
  readonly delayMs: number
  readonly delayMsMax: number
  /** Ends waiting at once: the call rejects with what the last attempt gave. */
  readonly signal?: AbortSignal
  /** For simulations. Resolves early when `signal` aborts, or rejects: both end the waiting. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>
  readonly random?: () => number
}

/** For blocks, whose readers and savers wait: three attempts within the patience of a caller. */
export const blockRetries: RetryOptions = { attemptsMax: 3, delayMs: 50, delayMsMax: 500 }

/** Closing the store ends what still waits for its next attempt. */
export function withRetry(store: Store, options: RetryOptions): Store {
  const { attemptsMax, delayMs, delayMsMax, random = Math.random } = options
  const sleep = options.sleep ?? ((ms, signal) => sleepFor(ms, undefined, { signal }))
  const closing = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal
  // As many wait on it as there are calls under way: that is no leak.
  setMaxListeners(0, signal)
  const retrying = aroundStore(store, async (method, run) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run()
      } catch (error) {
        const isWorth = error instanceof StoreUnavailable && !once.has(method)
        if (!isWorth || attempt >= attemptsMax || signal.aborted) throw error
        const longestMs = Math.min(delayMsMax, delayMs * 2 ** (attempt - 1))
        await sleep(longestMs * (1 - random() / 2), signal).catch(() => undefined)
        if (signal.aborted) throw error
      }
    }
  })
  const close = async () => {
    closing.abort()
    await store.close()
  }
  return { ...retrying, close }
}
