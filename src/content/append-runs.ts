// What happens to runs of appended bytes, which have no fixed place until they are saved, when other
// changes meet them. Pure.

import { type Dirty, type OrderedRun, runsOf } from './dirty-range.js'
import { shiftRuns } from './place-snapshot.js'
import type { RangeMap } from './range-map.js'
import type { AppendRun } from './spool.js'

type Part = Pick<Dirty, 'start' | 'end' | 'run' | 'limit'>

/**
 * [start, end) in parts of one run each. A write that begins inside a run of appended bytes belongs to
 * it as a whole; one that begins before it does from there on. `appended`: all of it is of this run.
 */
export function byRun(
  ranges: RangeMap<Dirty>,
  start: number,
  end: number,
  appended?: AppendRun,
): Part[] {
  const parts: Part[] = []
  let run = appended ?? ranges.find(start)?.run
  let from = start
  for (const border of appended ? [] : ranges.overlapping(start, end)) {
    if (!border.run || border.run === run || border.start <= from) continue
    parts.push({ start: from, end: border.start, run, limit: undefined })
    run = border.run
    from = border.start
  }
  if (from < end) parts.push({ start: from, end, run, limit: undefined })
  return parts
}

/**
 * `ranges` before the file is cut at `size`: what the cut leaves of a run that it goes through has its
 * place from now on; other runs never go behind it.
 */
export function cutRuns(ranges: readonly Dirty[], size: number): Dirty[] {
  const touched = new Set(ranges.map(({ run, end }) => (end > size ? run : undefined)))
  return ranges.map((range) => {
    if (!range.run) return range
    if (touched.has(range.run)) return { ...range, run: undefined, limit: undefined }
    return { ...range, limit: Math.min(range.limit ?? size, size) }
  })
}

/**
 * `ranges` that are left when a snapshot was saved, whose runs went by `saved` and which ends at `end`:
 * later changes inside its runs go where those went, later appends behind it and behind those.
 */
export function moveRuns(
  ranges: readonly Dirty[],
  saved: ReadonlyMap<AppendRun, number>,
  end: number,
): Dirty[] {
  const settled = ranges.map((range) => settle(range, saved))
  const reached = settled.reduce(
    (far, to, i) => (isSettled(ranges[i], to) ? Math.max(far, to.end) : far),
    0,
  )
  const behind = withFloor(settled, reached)
  const shifts = shiftRuns(behind, runsOf(behind), end)
  return behind.map((range) => moved(range, (range.run && shifts.get(range.run)) ?? 0))
}

/** A range of a saved run has its place from now on. */
function settle(range: Dirty, saved: ReadonlyMap<AppendRun, number>): Dirty {
  const shift = range.run && saved.get(range.run)
  return shift === undefined ? range : { ...moved(range, shift), run: undefined }
}

function isSettled(before: Dirty | undefined, after: Dirty): boolean {
  return before?.run !== undefined && after.run === undefined && after.grows
}

function moved(range: Dirty, shift: number): Dirty {
  return { ...range, start: range.start + shift, end: range.end + shift }
}

/** The runs that are left all began behind what has its place now: they never go before `floor`. */
function withFloor(ranges: readonly Dirty[], floor: number): Dirty[] {
  const runs = new Map<AppendRun, OrderedRun>()
  for (const run of runsOf(ranges) as OrderedRun[])
    runs.set(run, { ...run, floor: Math.max(run.floor, floor) })
  return ranges.map((range) => (range.run ? { ...range, run: runs.get(range.run) } : range))
}
