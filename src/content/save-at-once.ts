// Saves that need nothing from the store and make at most one block: small files written whole, or changed
// where they lie. Everything else is for save-content.ts.

import { hashOf } from './block-codec.js'
import type { BlockSource } from './block-source.js'
import { appendStretches, copyStretch, type Stretch, windowStretches } from './build-window.js'
import type { SavedAtOnce, Stored } from './content.js'
import { contentLength, type PartAt, partsOf } from './content-parts.js'
import { blockBytesMax } from './limits.js'
import { type PlacedSnapshot, placeSnapshot } from './place-snapshot.js'
import { planEdits } from './save-plan.js'
import { inlineContent, withLongerTail } from './small-content.js'
import type { SaveSnapshot } from './spool.js'

/** As ContentStore.saveAtOnce, but that nothing is held. */
export function saveAtOnce(
  source: BlockSource,
  base: Stored,
  snapshot: SaveSnapshot,
): SavedAtOnce | undefined {
  const placed = placeSnapshot(base.size, snapshot)
  const { size, moved, shifts } = placed
  const small = inlineContent(base, placed, snapshot) ?? withLongerTail(base, placed, snapshot)
  if (small) return { result: { content: small, size, moved, shifts }, block: undefined }
  const plain = onlyBlock(source, base, placed, snapshot)
  if (!plain) return undefined
  const hash = hashOf(plain, 'data')
  const content = { kind: 'block', hash, length: plain.length } as const
  return { result: { content, size, moved, shifts }, block: { hash, plain } }
}

/** The bytes of all that the content will hold, where that is one block of what is at hand. */
function onlyBlock(
  source: BlockSource,
  base: Stored,
  placed: PlacedSnapshot,
  snapshot: SaveSnapshot,
): Buffer | undefined {
  const parts = keptParts(base, placed.keep)
  const length = parts?.reduce((end, { at, part }) => Math.max(end, at + part.length), 0) ?? 0
  if (!parts || length > blockBytesMax) return undefined
  const tailLength = parts.find(({ part }) => part.kind === 'bytes')?.part.length ?? 0
  const [edit, ...others] = planEdits(placed, { length, tailLength })
  if (!edit || others.length > 0 || edit.kind === 'hole' || edit.start > 0) return undefined
  const stretches =
    edit.kind === 'window'
      ? windowStretches(placed.keep, edit, parts)
      : appendStretches(edit, parts)
  const [stretch, ...behind] = stretches
  if (!stretch || behind.length > 0 || stretch.start > 0) return undefined
  return isAtHand(source, stretch)
    ? copyStretch(stretch, snapshot, (hash) => source.block(hash))
    : undefined
}

/** Undefined: what stays of the base is more than a block. */
function keptParts({ content }: Stored, keep: number): PartAt[] | undefined {
  if (keep === 0 || contentLength(content) === 0) return []
  if (content.kind === 'manifest') return undefined
  let at = 0
  return partsOf(content).map((part) => {
    const start = at
    at += part.length
    return { part, at: start }
  })
}

function isAtHand(source: BlockSource, { segments }: Stretch): boolean {
  return segments.every(({ base }) => base?.kind !== 'block' || source.block(base.hash))
}
