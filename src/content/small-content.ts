// Saves that need nothing but the inode: small files, and a few bytes appended to large ones. Answered at
// once; undefined where it is not such a case, and save-content.ts does it the long way.

import type { Content } from '../volume/inode.js'
import type { Stored } from './content.js'
import { contentLength } from './content-parts.js'
import { inlineBytesMax, tailBytesMax, windowStart } from './limits.js'
import type { PlacedSnapshot } from './place-snapshot.js'
import type { SaveSnapshot } from './spool.js'

/** The whole content fits into the inode. */
export function inlineContent(
  base: Stored,
  placed: PlacedSnapshot,
  snapshot: SaveSnapshot,
): Content | undefined {
  const { content } = base
  const kept = placed.keep === 0 ? 0 : contentLength(content)
  if (kept > 0 && content.kind !== 'inline') return undefined
  const length = Math.max(Math.min(kept, placed.keep), dataEnd(placed))
  if (length > inlineBytesMax) return undefined
  const data = Buffer.alloc(length)
  if (content.kind === 'inline') data.set(content.data.subarray(0, Math.min(length, placed.keep)))
  for (const { start, end, hole, from } of placed.ranges) {
    if (hole) data.fill(0, Math.min(start, length), Math.min(end, length))
    else snapshot.copy(from, data.subarray(start, end))
  }
  return length > 0 ? { kind: 'inline', data } : { kind: 'none' }
}

/** Bytes appended to a stored content fit into its tail, and do not fill its last window. */
export function withLongerTail(
  base: Stored,
  placed: PlacedSnapshot,
  snapshot: SaveSnapshot,
): Content | undefined {
  const { content } = base
  if (content.kind !== 'block' && content.kind !== 'manifest') return undefined
  const length = contentLength(content)
  const end = dataEnd(placed)
  const windowEnds = windowStart(end) > windowStart(content.length)
  if (placed.keep < length || end - content.length > tailBytesMax || windowEnds) return undefined
  if (placed.ranges.some((range) => range.hole || range.start < length)) return undefined
  if (end <= length) return content
  const tail = Buffer.alloc(end - content.length)
  if (content.tail) tail.set(content.tail)
  for (const range of placed.ranges)
    snapshot.copy(
      range.from,
      tail.subarray(range.start - content.length, range.end - content.length),
    )
  return { ...content, tail }
}

/** Where the last new bytes end. */
function dataEnd(placed: PlacedSnapshot): number {
  const last = placed.ranges.findLast((range) => !range.hole)
  return last?.end ?? 0
}
