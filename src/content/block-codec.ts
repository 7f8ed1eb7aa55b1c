// A block as the store has it: its name is the SHA-256 of its plain bytes, those of a manifest behind a
// prefix; the bytes are compressed with lz4 where that saves at least a twentieth. Pure; where it runs
// (here or in a thread) is block-packer.ts.

import { createHash, hash } from 'node:crypto'
import lz4 from 'lz4-napi'
import { BlockEncoding, type StoredBlock } from '../store/store.js'
import type { Hash } from '../volume/inode.js'
import { blockBytesMax } from './limits.js'

/** A block's bytes are not those its name says, or not in an encoding known here. */
export class DamagedBlock extends Error {
  override readonly name = 'DamagedBlock'
}

/** Compressed blocks must save one part in this. */
const savingPart = 20
/** Below this nothing is worth compressing: the 4 bytes of length and a row's own cost outweigh it. */
const compressBytesMin = 256
/** Larger blocks are tried on samples first: media is recognised for a tenth of the cost. */
const probeBytesMin = 32 * 1024
const probeBytes = 4096

/**
 * A manifest is never the same block as a file with the same bytes: an engine counts what it names,
 * and who may write a file must not be able to put a block there first that names nothing.
 */
export type BlockKind = 'data' | 'manifest'

const manifestPrefix = Buffer.from('cassfs manifest\0')

export function hashOf(plain: Uint8Array, kind: BlockKind): Hash {
  if (kind === 'data') return hash('sha256', plain, 'hex')
  return createHash('sha256').update(manifestPrefix).update(plain).digest('hex')
}

/** `plain` becomes part of the answer where it is not compressed: it must not change any more. */
export function packBlock(plain: Buffer, kind: BlockKind): StoredBlock {
  return storedAs(hashOf(plain, kind), plain, compress(plain))
}

/** A block of known name; `compressed` as `compress` answers it. */
export function storedAs(name: Hash, plain: Buffer, compressed: Buffer | undefined): StoredBlock {
  const { length } = plain
  return compressed
    ? { hash: name, length, encoding: BlockEncoding.lz4, data: compressed }
    : { hash: name, length, encoding: BlockEncoding.plain, data: plain }
}

/** The plain bytes, verified against `hash`. Throws DamagedBlock. */
export function unpackBlock(hash: Hash, stored: StoredBlock, kind: BlockKind): Buffer {
  const plain = expand(hash, stored)
  if (hashOf(plain, kind) !== hash) throw new DamagedBlock(`block ${hash} holds other bytes`)
  return plain
}

/** Undefined: it is stored as it is. */
export function compress(plain: Buffer): Buffer | undefined {
  if (plain.length < compressBytesMin) return undefined
  if (plain.length >= probeBytesMin && !looksCompressible(plain)) return undefined
  const compressed = lz4.compressSync(plain)
  return saves(plain.length, compressed.length) ? compressed : undefined
}

function saves(plainBytes: number, compressedBytes: number): boolean {
  return compressedBytes <= plainBytes - plainBytes / savingPart
}

function looksCompressible(plain: Buffer): boolean {
  const step = Math.floor((plain.length - probeBytes) / 2)
  for (let at = 0; at + probeBytes <= plain.length; at += step) {
    const sample = plain.subarray(at, at + probeBytes)
    if (saves(probeBytes, lz4.compressSync(sample).length)) return true
  }
  return false
}

function expand(hash: Hash, { encoding, data, length }: StoredBlock): Buffer {
  const bytes = Buffer.isBuffer(data)
    ? data
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  // The engine may use its memory again: what is kept is a copy.
  if (encoding === BlockEncoding.plain) return Buffer.from(bytes)
  if (encoding !== BlockEncoding.lz4)
    throw new DamagedBlock(`block ${hash} has encoding ${encoding}, which is not known here`)
  // Its own first bytes say how much memory expanding takes: believed only within bounds.
  const expanded = bytes.length >= 4 ? bytes.readUInt32LE(0) : -1
  if (expanded !== length || expanded > blockBytesMax)
    throw new DamagedBlock(`block ${hash} claims ${expanded} bytes, ${length} are expected`)
  try {
    return lz4.uncompressSync(bytes)
  } catch (cause) {
    throw new DamagedBlock(`block ${hash} cannot be expanded`, { cause })
  }
}
