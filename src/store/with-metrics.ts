// Counts and times what is asked of a store.

import { aroundStore, type StoreMethod } from './around-store.js'
import { type Store, StoreUnavailable } from './store.js'

/**
 * How a call ended: as it should, without an answer, with an error that is an answer; a commit or a
 * compare-and-set by its outcome.
 */
export type StoreCallEnd =
  | 'ok'
  | 'unavailable'
  | 'error'
  | 'applied'
  | 'refused'
  | 'missing'
  | 'unknown'

/** Where the figures go: the metrics of a mount, a test's list. */
export interface StoreMeter {
  called(method: StoreMethod, end: StoreCallEnd, durationMs: number): void
}

/** `nowMs` is any clock that does not run backwards. */
export function withMetrics(
  store: Store,
  meter: StoreMeter,
  nowMs: () => number = () => performance.now(),
): Store {
  return aroundStore(store, async (method, run) => {
    const startMs = nowMs()
    let end: StoreCallEnd = 'error'
    try {
      const answer = await run()
      end = endOf(answer)
      return answer
    } catch (error) {
      if (error instanceof StoreUnavailable) end = 'unavailable'
      throw error
    } finally {
      meter.called(method, end, nowMs() - startMs)
    }
  })
}

const outcomes = new Set<unknown>(['applied', 'refused', 'missing', 'unknown'])

/** A head has no `kind`, nor has anything else that a store answers, but for outcomes. */
function endOf(answer: unknown): StoreCallEnd {
  const kind = (answer as { kind?: unknown } | null | undefined)?.kind
  return outcomes.has(kind) ? (kind as StoreCallEnd) : 'ok'
}
