// Where a snapshot's changes go on the version they are saved over: appended bytes to its end, the rest
// to where it was written. Pure.

import { RangeMap } from './range-map.js'
import type { AppendRun, SaveSnapshot, SnapshotRange } from './spool.js'

export interface PlacedRange {
  readonly start: number
  readonly end: number
  readonly hole: boolean
  /** Offset of `start` as the snapshot has it. */
  readonly from: number
}

export interface PlacedSnapshot {
  /** By offset, not overlapping, within `size`. */
  readonly ranges: readonly PlacedRange[]
  readonly size: number
  /** What the base has behind this is gone. */
  readonly keep: number
  readonly moved: boolean
  readonly shifts: ReadonlyMap<AppendRun, number>
}

export function placeSnapshot(baseSize: number, snapshot: SaveSnapshot): PlacedSnapshot {
  const keep = Math.min(baseSize, snapshot.cut ?? baseSize)
  if (snapshot.runs.length === 0) return unmoved(baseSize, keep, snapshot)
  const shifts = shiftRuns(snapshot.ranges, snapshot.runs, keep)
  const placed = new RangeMap<PlacedRange>({ cut: cutPlaced, join: () => undefined })
  // A change that was made by offset after an append wins where the append comes to lie under it.
  const shifted = snapshot.ranges.map((range) => shiftRange(range, shifts))
  for (const range of shifted) if (range.run) lay(placed, range)
  for (const range of shifted) if (!range.run) lay(placed, range)
  const reached = shifted.reduce((end, range) => (range.grows ? Math.max(end, range.end) : end), 0)
  const size = snapshot.size ?? Math.max(baseSize, snapshot.sizeMin, reached)
  placed.remove(size, Infinity)
  const moved = [...shifts.values()].some((shift) => shift !== 0)
  return { ranges: placed.all(), size, keep, moved, shifts }
}

const noShifts: ReadonlyMap<AppendRun, number> = new Map()

/** Without appended bytes everything stays where it was written. */
function unmoved(baseSize: number, keep: number, snapshot: SaveSnapshot): PlacedSnapshot {
  let size = Math.max(baseSize, snapshot.sizeMin)
  for (const { grows, end, limit } of snapshot.ranges)
    if (grows) size = Math.max(size, Math.min(end, limit ?? Infinity))
  size = snapshot.size ?? size
  const ranges: PlacedRange[] = []
  for (const range of snapshot.ranges) {
    const { start, hole } = range
    const end = Math.min(range.end, range.limit ?? Infinity, size)
    if (start < end) ranges.push({ start, end, hole, from: start })
  }
  return { ranges, size, keep, moved: false, shifts: noShifts }
}

/** How far each run goes from where it was shown, one behind the other from `end` on. */
export function shiftRuns(
  ranges: readonly Pick<SnapshotRange, 'start' | 'end' | 'run'>[],
  runs: readonly AppendRun[],
  end: number,
): Map<AppendRun, number> {
  const shown = new Map<AppendRun, { start: number; end: number }>()
  for (const { start, end, run } of ranges) {
    if (!run) continue
    const span = shown.get(run)
    shown.set(run, { start: span?.start ?? start, end: Math.max(span?.end ?? end, end) })
  }
  const shifts = new Map<AppendRun, number>()
  let newest = end
  for (const run of runs) {
    const span = shown.get(run)
    if (!span) continue
    const start = Math.max(newest, run.floor)
    shifts.set(run, start - span.start)
    newest = start + (span.end - span.start)
  }
  return shifts
}

type ShiftedRange = SnapshotRange & { readonly from: number }

function shiftRange(range: SnapshotRange, shifts: ReadonlyMap<AppendRun, number>): ShiftedRange {
  const shift = (range.run && shifts.get(range.run)) ?? 0
  const end = Math.min(range.end + shift, range.limit ?? Infinity)
  return { ...range, start: range.start + shift, end, from: range.start }
}

function lay(placed: RangeMap<PlacedRange>, { start, end, hole, from }: ShiftedRange): void {
  if (start < end) placed.set({ start, end, hole, from })
}

function cutPlaced(range: PlacedRange, start: number, end: number): PlacedRange {
  return { start, end, hole: range.hole, from: range.from + start - range.start }
}
