// The ranges that a spool's map holds, and what can be done with them. Pure but for reading chunks.

import type { Range, RangeRules } from './range-map.js'
import type { AppendRun, SnapshotRange } from './spool.js'
import type { Chunk } from './spool-storage.js'

/** One change that is not committed. Never changed in place. */
export interface Dirty extends SnapshotRange {
  readonly generation: number
  /** Undefined: a hole. */
  readonly chunk: Chunk | undefined
  /** Where in the chunk `start` is. */
  readonly at: number
}

export interface OrderedRun extends AppendRun {
  readonly order: number
}

export const dirtyRules: RangeRules<Dirty> = { cut: cutDirty, join: joinDirty }

function cutDirty(range: Dirty, start: number, end: number): Dirty {
  return { ...range, start, end, at: range.at + start - range.start }
}

function joinDirty(left: Dirty, right: Dirty): Dirty | undefined {
  const same =
    left.generation === right.generation &&
    left.run === right.run &&
    left.limit === right.limit &&
    left.grows === right.grows &&
    left.chunk === right.chunk &&
    (left.hole || left.at + (left.end - left.start) === right.at)
  if (!same) return undefined
  const { start, run, limit, hole, grows, generation, chunk, at } = left
  return { start, end: right.end, run, limit, hole, grows, generation, chunk, at }
}

/** Fills `target` with the bytes from `offset` on; `ranges` are those that overlap it. */
export function copyRanges(ranges: readonly Dirty[], offset: number, target: Buffer): void {
  let copied = 0
  for (const { start, end, chunk, at } of ranges) {
    const from = Math.max(start, offset)
    const to = Math.min(end, offset + target.length)
    if (!chunk) throw new Error(`[${from}, ${to}) of a spool are no bytes`)
    chunk.read(at + from - start, target.subarray(from - offset, to - offset))
    copied += to - from
  }
  if (copied !== target.length) throw new Error(`not all of the bytes asked for are spooled`)
}

export function runsOf(ranges: readonly Dirty[]): AppendRun[] {
  const runs = new Set<OrderedRun>()
  for (const { run } of ranges) if (run) runs.add(run as OrderedRun)
  return [...runs].sort((a, b) => a.order - b.order)
}

export function bytesOf(ranges: Iterable<Range & { readonly hole: boolean }>): number {
  let bytes = 0
  for (const { start, end, hole } of ranges) if (!hole) bytes += end - start
  return bytes
}
