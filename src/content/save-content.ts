// A save: the base's parts with the snapshot's changes put in. Blocks that no change touches are named
// again, not read; a window that is written over whole is not read either. See save-plan.ts for what
// is done where, build-window.ts for a window, manifest-tree.ts for the manifests.

import type { Content } from '../volume/inode.js'
import type { BlockSource } from './block-source.js'
import { buildAppend, buildWindow, type WindowSources } from './build-window.js'
import type { SaveResult, Stored } from './content.js'
import {
  contentLength,
  Held,
  type Part,
  type PartAt,
  partsOf,
  rootHeight,
} from './content-parts.js'
import { inlineBytesMax, tailBytesMax } from './limits.js'
import type { Entry } from './manifest-codec.js'
import { packEntries, storeManifest } from './manifest-tree.js'
import { type PlacedSnapshot, placeSnapshot } from './place-snapshot.js'
import { type Edit, planEdits } from './save-plan.js'
import { inlineContent, withLongerTail } from './small-content.js'
import type { SaveSnapshot } from './spool.js'
import { Upload, type UploadTarget } from './upload.js'
import { windows } from './windows.js'

/** As ContentStore.save. */
export function saveContent(
  target: UploadTarget,
  base: Stored,
  snapshot: SaveSnapshot,
): SaveResult | Promise<SaveResult> {
  const placed = placeSnapshot(base.size, snapshot)
  const { size, moved, shifts } = placed
  const done = (content: Content): SaveResult => ({ content, size, moved, shifts })
  const small = inlineContent(base, placed, snapshot) ?? withLongerTail(base, placed, snapshot)
  return small ? done(small) : storeContent(target, base, placed, snapshot).then(done)
}

async function storeContent(
  target: UploadTarget,
  base: Stored,
  placed: PlacedSnapshot,
  snapshot: SaveSnapshot,
): Promise<Content> {
  const { source } = target
  const upload = new Upload(target)
  const extent = { length: contentLength(base.content), tailLength: tailLength(base.content) }
  const edits = planEdits(placed, extent)
  const parts = await openTouched(partsOf(base.content), edits, placed.keep, new Held(source))
  const sources = { source, upload, snapshot, keep: placed.keep }
  try {
    const built = await windows(parts, edits, (edit, within) => build(sources, edit, within))
    const content = await compose(await settle(built, upload), upload, source)
    await upload.finish()
    return content
  } catch (error) {
    await upload.abandon(error)
    throw error
  }
}

/**
 * The base's parts up to `keep`, with every manifest opened that a change or `keep` goes through the
 * middle of. Others stay closed, however large they are.
 */
async function openTouched(
  parts: readonly Part[],
  edits: readonly Edit[],
  keep: number,
  held: Held,
): Promise<PartAt[]> {
  // Each round opens manifests at least one level deeper.
  while (true) {
    const opened: PartAt[] = []
    open(parts, 0, edits, keep, held, opened)
    if (!held.missing) return opened
    await held.load()
  }
}

function open(
  parts: readonly Part[],
  start: number,
  edits: readonly Edit[],
  keep: number,
  held: Held,
  opened: PartAt[],
): void {
  let at = start
  for (const part of parts) {
    if (at >= keep) return
    const end = at + part.length
    if (part.kind !== 'node' || (end <= keep && !isTouched(edits, at, end)))
      opened.push({ part, at })
    else open(held.manifest(part)?.entries ?? [], at, edits, keep, held, opened)
    at = end
  }
}

/** A manifest of [start, end) has to be opened: its blocks are wanted, or not all of them stay. */
function isTouched(edits: readonly Edit[], start: number, end: number): boolean {
  return edits.some(
    (edit) =>
      edit.start < end &&
      edit.end > start &&
      (edit.kind !== 'hole' || edit.start > start || edit.end < end),
  )
}

function build(
  sources: WindowSources,
  edit: Edit,
  within: readonly PartAt[],
): Part[] | Promise<Part[]> {
  if (edit.kind === 'hole') return [{ kind: 'hole', length: edit.end - edit.start }]
  return edit.kind === 'append'
    ? buildAppend(sources, edit, within)
    : buildWindow(sources, edit, within)
}

/** Joins holes, drops those at the end, and makes blocks of bytes that may not stand in the inode. */
async function settle(parts: readonly Part[], upload: Upload): Promise<Part[]> {
  const settled: Part[] = []
  const end = parts.findLastIndex((part) => part.kind !== 'hole') + 1
  for (const [i, part] of parts.slice(0, end).entries()) {
    const last = settled.at(-1)
    if (part.kind === 'hole' && last?.kind === 'hole')
      settled[settled.length - 1] = { kind: 'hole', length: last.length + part.length }
    else if (part.kind === 'bytes' && !mayStay(part, i === end - 1, settled.length > 0))
      settled.push({ kind: 'block', length: part.length, hash: await upload.add(own(part.data)) })
    else settled.push(part)
  }
  return settled
}

function mayStay(part: Part, last: boolean, behindOthers: boolean): boolean {
  return last && part.length <= (behindOthers ? tailBytesMax : inlineBytesMax)
}

/** A content of parts as `settle` leaves them. */
async function compose(
  parts: readonly Part[],
  upload: Upload,
  source: BlockSource,
): Promise<Content> {
  const last = parts.at(-1)
  const tail = last?.kind === 'bytes' ? last.data : undefined
  const entries = (tail ? parts.slice(0, -1) : parts) as Entry[]
  const [first] = entries
  if (!first) return tail ? { kind: 'inline', data: tail } : { kind: 'none' }
  const length = entries.reduce((sum, entry) => sum + entry.length, 0)
  const behind = tail ? { tail } : {}
  if (entries.length === 1 && first.kind !== 'hole') {
    const kind = first.kind === 'node' ? 'manifest' : 'block'
    return { kind, hash: first.hash, length, ...behind }
  }
  const packed = await packEntries(await withoutRoot(entries, source), upload, source)
  const hash = await storeManifest(packed, upload, source)
  return { kind: 'manifest', hash, length, ...behind }
}

/** The base's outermost manifest, where nothing in it was touched, gives way to its entries. */
async function withoutRoot(entries: readonly Entry[], source: BlockSource): Promise<Entry[]> {
  const flat: Entry[] = []
  for (const entry of entries) {
    if (entry.kind !== 'node' || entry.height !== rootHeight) flat.push(entry)
    else for (const { entries } of await source.loadManifests([entry.hash])) flat.push(...entries)
  }
  return flat
}

function tailLength(content: Content): number {
  return content.kind === 'block' || content.kind === 'manifest' ? (content.tail?.length ?? 0) : 0
}

/** Bytes with memory of their own, as an upload takes them. */
function own(data: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(data.length)
  data.copy(copy)
  return copy
}
