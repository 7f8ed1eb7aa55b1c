// A manifest lists what a file, or a part of it, is made of, in order: blocks, holes, and further
// manifests, each with its length in the file. It is the plain bytes of a block. Byte for byte in
// docs/DATA_FORMAT.md.

import { ByteReader } from '../volume/byte-reader.js'
import { ByteWriter } from '../volume/byte-writer.js'
import { FormatError, formatVersion } from '../volume/format-error.js'
import type { Hash } from '../volume/inode.js'
import { blockBytesMax } from './limits.js'

export type Entry =
  | { readonly kind: 'hole'; readonly length: number }
  | { readonly kind: 'block'; readonly length: number; readonly hash: Hash }
  | NodeEntry

/** A manifest within a manifest. */
export interface NodeEntry {
  readonly kind: 'node'
  /** Bytes of the file that it describes. */
  readonly length: number
  readonly hash: Hash
  /** 1: it names blocks and holes only; else one more than the highest it names. */
  readonly height: number
  /** How many entries it has itself. */
  readonly entries: number
  /** There are holes in it or below it. */
  readonly holes: boolean
}

export interface Manifest {
  readonly entries: readonly Entry[]
  /** For each entry, the offset in this manifest's bytes where it ends. */
  readonly ends: readonly number[]
}

/** Heights stay far below this: 4 describe more than 2^53 bytes. */
const heightMax = 8

const Kind = { hole: 0, block: 1, node: 2, nodeWithHoles: 3 } as const

const writer = new ByteWriter()

export function encodeManifest(entries: readonly Entry[]): Buffer {
  writer.reset().u8(formatVersion)
  writer.varint(entries.length)
  for (const entry of entries) writeEntry(entry)
  const bytes = writer.take()
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Throws FormatError. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const reader = new ByteReader(bytes, 'manifest')
  reader.version()
  const entries: Entry[] = []
  for (let left = reader.varint(); left > 0; left--) entries.push(readEntry(reader))
  reader.end()
  return manifestOf(entries)
}

export function manifestOf(entries: readonly Entry[]): Manifest {
  let end = 0
  return {
    entries,
    ends: entries.map((entry) => {
      end += entry.length
      return end
    }),
  }
}

/** Bytes of the file that a manifest describes. */
export function manifestLength(manifest: Manifest): number {
  return manifest.ends.at(-1) ?? 0
}

/** Index of the entry that holds `offset`; the number of entries where it is behind them all. */
export function entryAt(manifest: Manifest, offset: number): number {
  const { ends } = manifest
  let low = 0
  let high = ends.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ends[middle] as number) <= offset) low = middle + 1
    else high = middle
  }
  return low
}

/** The hashes that a manifest names itself, each once. */
export function namedBy(entries: readonly Entry[]): Hash[] {
  const hashes = new Set<Hash>()
  for (const entry of entries) if (entry.kind !== 'hole') hashes.add(entry.hash)
  return [...hashes]
}

function writeEntry(entry: Entry): void {
  if (entry.length < 1) throw new FormatError(`a manifest entry of ${entry.length} bytes`)
  if (entry.kind === 'hole') {
    writer.u8(Kind.hole)
    writer.varint(entry.length)
    return
  }
  if (entry.kind === 'block') {
    writer.u8(Kind.block)
    writer.varint(entry.length)
    writer.hash(entry.hash)
    return
  }
  writer.u8(entry.holes ? Kind.nodeWithHoles : Kind.node)
  writer.varint(entry.length)
  writer.hash(entry.hash)
  writer.u8(entry.height)
  writer.varint(entry.entries)
}

function readEntry(reader: ByteReader): Entry {
  const kind = reader.u8()
  const length = reader.varint()
  if (length < 1) throw reader.damaged('an entry of no bytes')
  if (kind === Kind.hole) return { kind: 'hole', length }
  if (kind !== Kind.block && kind !== Kind.node && kind !== Kind.nodeWithHoles)
    throw reader.damaged(`entry kind ${kind} is not known to this version`)
  const hash = reader.hash()
  if (kind === Kind.block) {
    if (length > blockBytesMax) throw reader.damaged(`a block of ${length} bytes`)
    return { kind: 'block', length, hash }
  }
  const height = reader.u8()
  if (height < 1 || height > heightMax) throw reader.damaged(`height ${height}`)
  const entries = reader.varint()
  return { kind: 'node', length, hash, height, entries, holes: kind === Kind.nodeWithHoles }
}
