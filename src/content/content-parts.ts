// Where each byte of a content is: a walk over its inline bytes, its one block, or its manifests, that
// goes as far as it can at once and says what has to be loaded to go on. Reading, seeking and saving are
// built on it.

import { Errno, FsError } from '../posix/errno.js'
import type { Content, Hash } from '../volume/inode.js'
import type { BlockSource } from './block-source.js'
import {
  type Entry,
  entryAt,
  type Manifest,
  manifestLength,
  type NodeEntry,
} from './manifest-codec.js'

/** An entry, or bytes that stand in the inode itself. */
export type Part =
  | Entry
  | { readonly kind: 'bytes'; readonly length: number; readonly data: Buffer }

/** A part, with the offset in the file where it begins. */
export interface PartAt {
  readonly part: Part
  readonly at: number
}

/** Height of a content's outermost manifest: not known, higher than any. */
export const rootHeight = Infinity

/** The bytes that a content has (holes within included); what is behind them is a hole. */
export function contentLength(content: Content): number {
  if (content.kind === 'none') return 0
  if (content.kind === 'inline') return content.data.length
  return content.length + (content.tail?.length ?? 0)
}

/** A content's outermost parts: a manifest is one of kind `node` here. */
export function partsOf(content: Content): Part[] {
  if (content.kind === 'none') return []
  if (content.kind === 'inline') return bytesPart(content.data)
  const { kind, hash, length } = content
  const first: Part =
    kind === 'block'
      ? { kind, hash, length }
      : // Nothing is known of the outermost manifest but its name: the most is assumed.
        { kind: 'node', hash, length, height: rootHeight, entries: rootHeight, holes: true }
  const stored = length > 0 ? [first] : []
  return content.tail ? [...stored, ...bytesPart(content.tail)] : stored
}

/** Blocks and manifests held for one walk, so that a small cache cannot undo what it has loaded. */
export class Held {
  readonly #source: BlockSource
  readonly #blocks = new Map<Hash, Buffer>()
  readonly #manifests = new Map<Hash, Manifest>()
  #missingBlocks = new Set<Hash>()
  #missingManifests = new Set<Hash>()

  constructor(source: BlockSource) {
    this.#source = source
  }

  get missing(): boolean {
    return this.#missingBlocks.size + this.#missingManifests.size > 0
  }

  /** Undefined: noted as missing. */
  block(hash: Hash): Buffer | undefined {
    const block = this.#blocks.get(hash) ?? this.#source.block(hash)
    if (!block) this.#missingBlocks.add(hash)
    return block
  }

  manifest(entry: NodeEntry): Manifest | undefined {
    const manifest = this.#manifests.get(entry.hash) ?? this.#source.manifest(entry.hash)
    if (!manifest) {
      this.#missingManifests.add(entry.hash)
      return undefined
    }
    checkManifest(entry, manifest)
    return manifest
  }

  /** Loads all that was missing. Rejects with FsError EIO. */
  async load(): Promise<void> {
    const [blocks, manifests] = [[...this.#missingBlocks], [...this.#missingManifests]]
    this.#missingBlocks = new Set()
    this.#missingManifests = new Set()
    const [loadedBlocks, loadedManifests] = await Promise.all([
      blocks.length > 0 ? this.#source.loadBlocks(blocks) : [],
      manifests.length > 0 ? this.#source.loadManifests(manifests) : [],
    ])
    for (const [i, block] of loadedBlocks.entries()) this.#blocks.set(blocks[i] as Hash, block)
    for (const [i, manifest] of loadedManifests.entries())
      this.#manifests.set(manifests[i] as Hash, manifest)
  }
}

/**
 * Calls `visit` for the parts that overlap [start, end) in order, with the offset where each begins,
 * manifests opened. What is missing is noted in `held` and left out. `visit` answers false to end.
 * `skip` tells manifests that need not be opened: they are visited as they are.
 */
export function walk(
  parts: readonly Part[],
  start: number,
  end: number,
  held: Held,
  visit: (part: Part, at: number) => boolean | undefined,
  skip?: (node: NodeEntry) => boolean,
): boolean {
  let at = 0
  for (const part of parts) {
    if (at >= end) return true
    if (at + part.length > start) {
      const goOn =
        part.kind === 'node' && !skip?.(part)
          ? walkNode(part, at, start, end, held, visit, skip)
          : visit(part, at) !== false
      if (!goOn) return false
    }
    at += part.length
  }
  return true
}

function walkNode(
  node: NodeEntry,
  nodeStart: number,
  start: number,
  end: number,
  held: Held,
  visit: (part: Part, at: number) => boolean | undefined,
  skip: ((node: NodeEntry) => boolean) | undefined,
): boolean {
  const manifest = held.manifest(node)
  if (!manifest) return true
  const { entries, ends } = manifest
  for (let i = entryAt(manifest, start - nodeStart); i < entries.length; i++) {
    const entry = entries[i] as Entry
    const at = nodeStart + (ends[i] as number) - entry.length
    if (at >= end) return true
    const goOn =
      entry.kind === 'node' && !skip?.(entry)
        ? walkNode(entry, at, start, end, held, visit, skip)
        : visit(entry, at) !== false
    if (!goOn) return false
  }
  return true
}

/** A manifest's own bytes are verified; that it is the one meant here is checked as well. */
function checkManifest(entry: NodeEntry, manifest: Manifest): void {
  const length = manifestLength(manifest)
  if (length !== entry.length)
    throw new FsError(
      Errno.EIO,
      `manifest ${entry.hash} describes ${length} bytes instead of ${entry.length}`,
    )
  for (const child of manifest.entries)
    if (child.kind === 'node' && child.height >= entry.height)
      throw new FsError(Errno.EIO, `manifest ${entry.hash} holds a higher one`)
}

/** A block's bytes, checked against what its manifest or inode says of it. */
export function checkedBlock(block: Buffer, hash: Hash, length: number): Buffer {
  if (block.length === length) return block
  throw new FsError(Errno.EIO, `block ${hash} has ${block.length} bytes instead of ${length}`)
}

function bytesPart(data: Uint8Array): Part[] {
  if (data.length === 0) return []
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return [{ kind: 'bytes', length: data.length, data: buffer }]
}
