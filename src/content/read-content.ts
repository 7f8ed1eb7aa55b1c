// Reads a range of a content: buffers that point into cached blocks, zeros for holes. At once where all
// of it can be had at once.

import type { Hash } from '../volume/inode.js'
import type { BlockSource } from './block-source.js'
import type { ReadOptions, Stored } from './content.js'
import { checkedBlock, contentLength, Held, type Part, partsOf, walk } from './content-parts.js'
import { zeros } from './zeros.js'

/** As ContentStore.read. */
export function readContent(
  source: BlockSource,
  inode: Stored,
  offset: number,
  length: number,
  options: ReadOptions = {},
): Buffer[] | Promise<Buffer[]> {
  const end = Math.min(offset + length, inode.size)
  if (offset >= end) return []
  const held = new Held(source)
  const parts = partsOf(inode.content)
  const buffers = gather(parts, offset, end, held)
  const filled = (all: Buffer[]): Buffer[] => {
    const dataEnd = Math.max(offset, Math.min(end, contentLength(inode.content)))
    if (dataEnd < end) all.push(...zeros(end - dataEnd))
    return all
  }
  const { aheadBytes } = options
  if (aheadBytes) readAhead(source, inode, end, Math.min(end + aheadBytes, inode.size))
  return buffers ? filled(buffers) : gatherLater(parts, offset, end, held).then(filled)
}

/** Undefined: `held` has to load something first. */
function gather(
  parts: readonly Part[],
  start: number,
  end: number,
  held: Held,
): Buffer[] | undefined {
  const buffers: Buffer[] = []
  walk(parts, start, end, held, (part, at) => {
    const from = Math.max(start - at, 0)
    const to = Math.min(end - at, part.length)
    if (part.kind === 'hole') buffers.push(...zeros(to - from))
    else if (part.kind === 'bytes') buffers.push(part.data.subarray(from, to))
    else if (part.kind === 'block') {
      const block = held.block(part.hash)
      if (block) buffers.push(checkedBlock(block, part.hash, part.length).subarray(from, to))
    }
    return true
  })
  return held.missing ? undefined : buffers
}

/** Each round gets at least one manifest deeper, so there are as many as the tree is high, and one. */
async function gatherLater(
  parts: readonly Part[],
  start: number,
  end: number,
  held: Held,
): Promise<Buffer[]> {
  while (true) {
    await held.load()
    const buffers = gather(parts, start, end, held)
    if (buffers) return buffers
  }
}

/** As far as the manifests at hand tell: reading ahead never waits. */
function readAhead(source: BlockSource, inode: Stored, start: number, end: number): void {
  const hashes: Hash[] = []
  walk(partsOf(inode.content), start, end, new Held(source), (part) => {
    if (part.kind === 'block') hashes.push(part.hash)
    return true
  })
  source.prefetch(hashes)
}
