// What a save does to which parts of a content, window by window, before anything is read: windows are
// made anew, or only added to behind what they hold. Pure.

import { blockBytesMax, windowCeiling, windowStart } from './limits.js'
import type { PlacedRange, PlacedSnapshot } from './place-snapshot.js'

export interface Edit {
  readonly start: number
  readonly end: number
  /**
   * `window`: made anew from what stays and what is new. `append`: nothing in front of it is touched,
   * `start` is where the blocks end. `hole`: whole windows that become zeros.
   */
  readonly kind: 'window' | 'append' | 'hole'
  /** New ranges within. */
  readonly ranges: readonly PlacedRange[]
}

export interface BaseExtent {
  /** Bytes that the content has, its tail included. */
  readonly length: number
  readonly tailLength: number
}

/** By offset, not overlapping; holes and `append` apart, each is one window. */
export function planEdits(placed: PlacedSnapshot, base: BaseExtent): Edit[] {
  const windows = new Map<number, PlacedRange[]>()
  const edits: Edit[] = []
  const touch = (range: PlacedRange) => {
    for (let at = windowStart(range.start); at < range.end; at += blockBytesMax) {
      const ranges = windows.get(at) ?? []
      ranges.push(clip(range, at, at + blockBytesMax))
      windows.set(at, ranges)
    }
  }
  for (const range of placed.ranges) {
    const [first, last] = [windowCeiling(range.start), windowStart(range.end)]
    if (!range.hole || first >= last) {
      touch(range)
      continue
    }
    edits.push({ kind: 'hole', start: first, end: last, ranges: [] })
    if (range.start < first) touch(clip(range, range.start, first))
    if (range.end > last) touch(clip(range, last, range.end))
  }
  const cutWindow = windowStart(placed.keep)
  if (placed.keep < base.length && placed.keep > cutWindow && !windows.has(cutWindow))
    windows.set(cutWindow, [])
  for (const [start, ranges] of windows) edits.push(windowEdit(start, ranges, placed.keep, base))
  return edits.sort((a, b) => a.start - b.start)
}

function windowEdit(
  start: number,
  ranges: readonly PlacedRange[],
  keep: number,
  base: BaseExtent,
): Edit {
  const end = start + blockBytesMax
  const behind = Math.max(start, Math.min(base.length, end))
  const appends = keep >= base.length && ranges.every((range) => range.start >= behind)
  const complete = ranges.at(-1)?.end === end && !ranges.at(-1)?.hole
  if (!appends || (complete && behind > start)) return { kind: 'window', start, end, ranges }
  const tailStart =
    base.length > start && base.length <= end ? base.length - base.tailLength : start
  return { kind: 'append', start: Math.max(start, Math.min(behind, tailStart)), end, ranges }
}

function clip(range: PlacedRange, start: number, end: number): PlacedRange {
  const from = Math.max(range.start, start)
  return {
    start: from,
    end: Math.min(range.end, end),
    hole: range.hole,
    from: range.from + from - range.start,
  }
}
