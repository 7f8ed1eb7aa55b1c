// Saves that need nothing from the store: files written whole that are not large, and small files changed
// where they lie. Everything else is for save-content.ts.

import type { Content } from '../volume/inode.js'
import { hashOf } from './block-codec.js'
import type { BlockSource } from './block-source.js'
import { appendStretches, copyStretch, type Stretch, windowStretches } from './build-window.js'
import type { NamedBlock, SavedAtOnce, Stored } from './content.js'
import { contentLength, type PartAt, partsOf } from './content-parts.js'
import { atOnceBytesMax, blockBytesMax, tailBytesMax } from './limits.js'
import { type Entry, encodeManifest, manifestOf, namedBy } from './manifest-codec.js'
import { type PlacedSnapshot, placeSnapshot } from './place-snapshot.js'
import { planEdits } from './save-plan.js'
import { inlineContent, withLongerTail } from './small-content.js'
import type { SaveSnapshot } from './spool.js'

/** As ContentStore.saveAtOnce, but that nothing is held. */
export function saveAtOnce(
  source: BlockSource,
  base: Stored,
  snapshot: SaveSnapshot,
  several: boolean,
): SavedAtOnce | undefined {
  const placed = placeSnapshot(base.size, snapshot)
  const { size, moved, shifts } = placed
  const small = inlineContent(base, placed, snapshot) ?? withLongerTail(base, placed, snapshot)
  if (small) return { result: { content: small, size, moved, shifts }, blocks: [] }
  const plain = onlyBlock(source, base, placed, snapshot)
  const mayBeWhole = several && placed.keep === 0
  const whole = () => (mayBeWhole ? wholeFile(source, placed, snapshot) : undefined)
  const made = plain ? oneBlock(plain) : whole()
  if (!made) return undefined
  const { content, blocks } = made
  return { result: { content, size, moved, shifts }, blocks }
}

interface Made {
  readonly content: Content
  readonly blocks: readonly NamedBlock[]
}

function oneBlock(plain: Buffer): Made {
  const block = dataBlock(plain)
  return { content: { kind: 'block', hash: block.hash, length: plain.length }, blocks: [block] }
}

function dataBlock(plain: Buffer): NamedBlock {
  return { hash: hashOf(plain, 'data'), plain }
}

/** A file that consists of new bytes alone, without holes: as save-content.ts makes it. */
function wholeFile(
  source: BlockSource,
  placed: PlacedSnapshot,
  snapshot: SaveSnapshot,
): Made | undefined {
  const end = placed.ranges.at(-1)?.end ?? 0
  if (end > atOnceBytesMax || end < placed.size) return undefined
  const stretches: Stretch[] = []
  for (const edit of planEdits(placed, { length: 0, tailLength: 0 })) {
    const [stretch, ...behind] = windowStretches(0, edit, [])
    const start = stretches.length * blockBytesMax
    if (!stretch || behind.length > 0) return undefined
    if (stretch.start !== start || stretch.end !== Math.min(edit.end, end)) return undefined
    stretches.push(stretch)
  }
  const parts = stretches.map((stretch) => copyStretch(stretch, snapshot, () => undefined))
  const tail = (parts.at(-1)?.length ?? 0) <= tailBytesMax ? parts.pop() : undefined
  return manifestOver(source, parts.map(dataBlock), tail)
}

function manifestOver(
  source: BlockSource,
  blocks: readonly NamedBlock[],
  tail: Buffer | undefined,
): Made {
  const behind = tail ? { tail } : {}
  const entries = blocks.map(
    ({ hash, plain }): Entry => ({ kind: 'block', length: plain.length, hash }),
  )
  const length = entries.reduce((sum, entry) => sum + entry.length, 0)
  const [first] = blocks
  if (first && blocks.length === 1)
    return { content: { kind: 'block', hash: first.hash, length, ...behind }, blocks }
  const plain = encodeManifest(entries)
  const hash = hashOf(plain, 'manifest')
  source.manifests.put(hash, manifestOf(entries))
  return {
    content: { kind: 'manifest', hash, length, ...behind },
    blocks: [...blocks, { hash, plain, refs: namedBy(entries) }],
  }
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
