// How old what a mount shows may be.

import type { World } from './world.js'

export const entryTtlMs = 1000
/** A log that says nothing is believed so long: then the head is asked. */
const emptyLogMsMax = 60_000

/**
 * A request that came at `startMs` is shown everything that was committed `entryTtlMs` before, or longer
 * where the log has lost it; undefined where it is.
 */
export function staleness(world: World, seq: number, startMs: number): string | undefined {
  const next = world.history[seq]
  const ageMsMax = seq < world.expired ? emptyLogMsMax : entryTtlMs
  if (!next || startMs - next.atMs <= ageMsMax + 1e-6) return undefined
  return `shows seq ${seq} though ${seq + 1} was ${startMs - next.atMs} ms old`
}
