// How often a mount's store was asked for what, how that ended, and how long it took: for `status`.

import type { Counts } from '../observe/status.js'
import type { StoreMeter } from '../store/with-metrics.js'

export interface StoreCounts {
  readonly meter: StoreMeter
  /** `<method>`: calls; `<method>_<end>`: those that ended so, but for ok; `<method>_ms`: in all. */
  snapshot(): Counts
}

export function createStoreCounts(): StoreCounts {
  const counts = new Map<string, number>()
  const add = (name: string, amount: number): void => {
    counts.set(name, (counts.get(name) ?? 0) + amount)
  }
  return {
    meter: {
      called(method, end, durationMs) {
        add(method, 1)
        if (end !== 'ok') add(`${method}_${end}`, 1)
        add(`${method}_ms`, durationMs)
      },
    },
    snapshot: () => Object.fromEntries([...counts].map(([name, n]) => [name, Math.round(n)])),
  }
}
