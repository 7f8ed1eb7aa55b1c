// Goes through a content's parts and the changes to it side by side: parts that no change touches are
// kept, the others are handed with their change to whoever makes the new parts, a few at a time.

import type { Part, PartAt } from './content-parts.js'
import type { Edit } from './save-plan.js'

/** New parts in place of those `within` an edit. */
export type BuildEdit = (edit: Edit, within: readonly PartAt[]) => Part[] | Promise<Part[]>

/** Changes that are being made at a time. */
const buildingMax = 8

/** `parts` with all edits made, gaps as holes; in order, without gaps. */
export async function windows(
  parts: readonly PartAt[],
  edits: readonly Edit[],
  build: BuildEdit,
): Promise<Part[]> {
  const base = new PartCursor(parts)
  const results: (Part[] | Promise<Part[]>)[] = []
  const building = new Set<Promise<unknown>>()
  for (const edit of edits) {
    results.push(base.take(edit.start).map(({ part }) => part))
    const result = build(edit, base.take(edit.end))
    results.push(result)
    if (!(result instanceof Promise)) continue
    const ended: Promise<void> = result.then(
      () => void building.delete(ended),
      () => void building.delete(ended),
    )
    building.add(ended)
    if (building.size >= buildingMax) await Promise.race(building)
  }
  results.push(base.take(Infinity).map(({ part }) => part))
  const starts = [...edits.flatMap((edit) => [undefined, edit]), undefined]
  return joined(await Promise.all(results), starts)
}

/** Fills up each edit's parts to its end where others follow. */
function joined(results: readonly Part[][], edits: readonly (Edit | undefined)[]): Part[] {
  const parts: Part[] = []
  let at = 0
  const fillTo = (offset: number) => {
    if (at < offset) parts.push({ kind: 'hole', length: offset - at })
    at = Math.max(at, offset)
  }
  for (const [i, result] of results.entries()) {
    const edit = edits[i]
    if (edit) fillTo(edit.start)
    for (const part of result) {
      parts.push(part)
      at += part.length
    }
    if (edit) fillTo(edit.end)
  }
  return parts
}

/** Hands out parts in order, cutting those that may be cut anywhere: holes and bytes. */
class PartCursor {
  readonly #parts: readonly PartAt[]
  #next = 0
  #at = 0

  constructor(parts: readonly PartAt[]) {
    this.#parts = parts
  }

  /** All parts not yet handed out that begin before `end`. */
  take(end: number): PartAt[] {
    const taken: PartAt[] = []
    for (; this.#next < this.#parts.length; this.#next++) {
      const { part, at } = this.#parts[this.#next] as PartAt
      if (at >= end) break
      const from = Math.max(at, this.#at)
      const to = Math.min(at + part.length, end)
      if (from < to) taken.push({ part: cutPart(part, from - at, to - at), at: from })
      this.#at = Math.max(from, to)
      if (at + part.length > end) break
    }
    return taken
  }
}

/** A block cannot be cut: no edit begins or ends within one. */
function cutPart(part: Part, from: number, to: number): Part {
  if (from === 0 && to === part.length) return part
  if (part.kind === 'hole') return { kind: 'hole', length: to - from }
  if (part.kind === 'bytes')
    return { kind: 'bytes', length: to - from, data: part.data.subarray(from, to) }
  return part
}
