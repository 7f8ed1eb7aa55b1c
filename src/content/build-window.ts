// Makes the new parts of one window of a file, or of what is appended in it: copies each byte once into
// a block's memory and uploads that.

import { Errno, FsError } from '../posix/errno.js'
import type { Hash } from '../volume/inode.js'
import type { BlockSource } from './block-source.js'
import { checkedBlock, type Part, type PartAt } from './content-parts.js'
import { holeBytesMin, tailBytesMax } from './limits.js'
import { RangeMap } from './range-map.js'
import type { Edit } from './save-plan.js'
import type { SaveSnapshot } from './spool.js'
import type { Upload } from './upload.js'

export interface WindowSources {
  readonly source: BlockSource
  readonly upload: Upload
  readonly snapshot: SaveSnapshot
  /** What the base has behind this is gone. */
  readonly keep: number
}

/** Where the bytes [start, end) come from: the snapshot at `from`, or a part of the base. */
interface Segment {
  readonly start: number
  readonly end: number
  readonly from: number
  readonly base: Part | undefined
}

/** A stretch of data that becomes one block. */
export interface Stretch {
  readonly start: number
  end: number
  readonly segments: Segment[]
}

/**
 * A window made anew: what stays of the base with the changes laid over it, one block for each stretch
 * of data between holes.
 */
export async function buildWindow(
  sources: WindowSources,
  edit: Edit,
  within: readonly PartAt[],
): Promise<Part[]> {
  return store(sources, edit.start, windowStretches(sources.keep, edit, within), 0)
}

/** The data of a window made anew; what the base has behind `keep` is gone. */
export function windowStretches(keep: number, edit: Edit, within: readonly PartAt[]): Stretch[] {
  const map = new RangeMap<Segment>({ cut: cutSegment, join: () => undefined })
  for (const { part, at } of within) {
    const end = Math.min(at + part.length, keep)
    if (part.kind !== 'hole' && at < end) map.set({ start: at, end, from: 0, base: part })
  }
  for (const { start, end, hole, from } of edit.ranges) {
    if (hole) map.remove(start, end)
    else map.set({ start, end, from, base: undefined })
  }
  return stretches(edit.start, map.all())
}

/**
 * What comes behind the blocks of a window: its tail and what is appended. A few bytes at the end stay
 * bytes: they may become the file's tail.
 */
export async function buildAppend(
  sources: WindowSources,
  edit: Edit,
  within: readonly PartAt[],
): Promise<Part[]> {
  return store(sources, edit.start, appendStretches(edit, within), tailBytesMax)
}

/** The tail of a window with what comes behind it. */
export function appendStretches(edit: Edit, within: readonly PartAt[]): Stretch[] {
  const segments: Segment[] = []
  for (const { part, at } of within)
    if (part.kind !== 'hole')
      segments.push({ start: at, end: at + part.length, from: 0, base: part })
  for (const { start, end, hole, from } of edit.ranges)
    if (!hole) segments.push({ start, end, from, base: undefined })
  return stretches(edit.start, segments)
}

/** Joins segments with less than a hole's length of zeros between them. */
function stretches(start: number, segments: readonly Segment[]): Stretch[] {
  const all: Stretch[] = []
  for (const segment of segments) {
    const current = all.at(-1)
    if (segment.start - (current?.end ?? start) >= holeBytesMin || !current)
      all.push({
        start: segment.start - start < holeBytesMin && !current ? start : segment.start,
        end: segment.end,
        segments: [segment],
      })
    else {
      current.end = segment.end
      current.segments.push(segment)
    }
  }
  return all
}

async function store(
  sources: WindowSources,
  start: number,
  all: readonly Stretch[],
  lastBytesMax: number,
): Promise<Part[]> {
  const parts: Part[] = []
  let at = start
  for (const [i, stretch] of all.entries()) {
    if (stretch.start > at) parts.push({ kind: 'hole', length: stretch.start - at })
    const length = stretch.end - stretch.start
    const data = await gather(sources, stretch)
    if (i === all.length - 1 && length <= lastBytesMax) parts.push({ kind: 'bytes', length, data })
    else parts.push({ kind: 'block', length, hash: await sources.upload.add(data) })
    at = stretch.end
  }
  return parts
}

/** The one copy of a stretch's bytes. */
async function gather({ source, upload, snapshot }: WindowSources, stretch: Stretch) {
  const hashes = stretch.segments.flatMap(({ base }) => (base?.kind === 'block' ? [base.hash] : []))
  const missing = hashes.filter((hash) => !source.block(hash))
  const held = new Map(await loaded(source, missing))
  await upload.room()
  // A block that was in the cache a moment ago may be there no more.
  const gone = hashes.filter((hash) => !held.has(hash) && !source.block(hash))
  for (const [hash, block] of await loaded(source, gone)) held.set(hash, block)
  return copyStretch(stretch, snapshot, (hash) => held.get(hash) ?? source.block(hash))
}

async function loaded(source: BlockSource, hashes: readonly Hash[]): Promise<[Hash, Buffer][]> {
  const blocks = hashes.length > 0 ? await source.loadBlocks(hashes) : []
  return blocks.map((block, i) => [hashes[i] as Hash, block])
}

/** A stretch's bytes in memory of their own; `blockOf` has every block that it takes from. */
export function copyStretch(
  { start: first, end: last, segments }: Stretch,
  snapshot: SaveSnapshot,
  blockOf: (hash: Hash) => Buffer | undefined,
): Buffer {
  const data = Buffer.allocUnsafeSlow(last - first)
  let at = first
  for (const { start, end, from, base } of segments) {
    data.fill(0, at - first, start - first)
    const target = data.subarray(start - first, end - first)
    if (!base) snapshot.copy(from, target)
    else if (base.kind === 'bytes') base.data.copy(target, 0, from)
    else if (base.kind === 'block') {
      const block = blockOf(base.hash)
      if (!block) throw new FsError(Errno.EIO, `block ${base.hash} is not at hand`)
      checkedBlock(block, base.hash, base.length).copy(target, 0, from)
    }
    at = end
  }
  return data
}

function cutSegment(segment: Segment, start: number, end: number): Segment {
  return { start, end, from: segment.from + start - segment.start, base: segment.base }
}
