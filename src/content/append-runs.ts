// What happens to runs of appended bytes, which have no fixed place until they are saved, when other
// changes meet them. Pure.

import type { Dirty } from './dirty-range.js'
import { runsOf } from './dirty-range.js'
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
 * later changes inside its runs go where those went, later appends behind it.
 */
export function moveRuns(
  ranges: readonly Dirty[],
  saved: ReadonlyMap<AppendRun, number>,
  end: number,
): Dirty[] {
  const waiting = ranges.filter(({ run }) => run && !saved.has(run))
  const shifts = shiftRuns(waiting, runsOf(waiting), end)
  return ranges.map((range) => {
    if (!range.run) return range
    const settled = saved.get(range.run)
    const shift = settled ?? shifts.get(range.run) ?? 0
    const run = settled === undefined ? range.run : undefined
    return { ...range, run, start: range.start + shift, end: range.end + shift }
  })
}
