// The engine's own rows as bytes: about volumes and blocks. (Records are the volume's, see src/volume;
// owners, environments and leases are JSON.) Byte for byte in docs/DATA_FORMAT.md.

import type { BlockRow, Trail } from '../../tables/block-ledger.js'
import { ByteReader } from '../../volume/byte-reader.js'
import { ByteWriter, uuidBytes } from '../../volume/byte-writer.js'
import { FormatError, formatVersion } from '../../volume/format-error.js'
import type { Hash } from '../../volume/inode.js'
import type { Uuid } from '../../volume/record.js'
import { BlockEncoding, type StoredBlock, type VolumeRow } from '../store.js'

const writer = new ByteWriter()

export function encodeVolumeRow(row: VolumeRow): Uint8Array {
  writer.reset().u8(formatVersion)
  writer.uuid(row.owner)
  writer.varint(row.count)
  writer.varint(row.logFirst)
  writer.varint(row.logBytes)
  return writer.take()
}

export function decodeVolumeRow(bytes: Uint8Array): VolumeRow {
  const reader = new ByteReader(bytes, 'volume row')
  reader.version()
  const owner = reader.uuid()
  const [count, logFirst, logBytes] = [reader.varint(), reader.varint(), reader.varint()]
  reader.end()
  return { owner, count, logFirst, logBytes }
}

export function encodeBlockRow(row: BlockRow): Uint8Array {
  writer.reset().u8(formatVersion)
  writer.varint(row.count)
  writer.varint(row.trails)
  writer.varint(row.uploadedMs)
  writer.varint(row.refs.length)
  for (const ref of row.refs) writer.hash(ref)
  return writer.take()
}

export function decodeBlockRow(bytes: Uint8Array): BlockRow {
  const reader = new ByteReader(bytes, 'block row')
  reader.version()
  const [count, trails, uploadedMs] = [reader.varint(), reader.varint(), reader.varint()]
  const refs: Hash[] = []
  for (let left = reader.varint(); left > 0; left--) refs.push(reader.hash())
  reader.end()
  return { count, trails, uploadedMs, refs }
}

/** The head of a block's value; its data follow. */
export function encodeBlock(block: StoredBlock): Uint8Array {
  writer.reset().u8(formatVersion)
  writer.u8(block.encoding)
  writer.varint(block.length)
  writer.bytes(block.data)
  return writer.take()
}

/** `data` is a part of `bytes`, which must stay as they are. */
export function decodeBlock(hash: Hash, bytes: Uint8Array): StoredBlock {
  const reader = new ByteReader(bytes, 'block')
  reader.version()
  const encoding = reader.u8()
  if (encoding !== BlockEncoding.plain && encoding !== BlockEncoding.lz4)
    throw reader.damaged(`encoding ${encoding} is not known to this version`)
  const length = reader.varint()
  return { hash, length, encoding, data: bytes.subarray(bytes.length - reader.left) }
}

/** Owner and hash: the key of a block and of its row. */
export function blockKey(owner: Uuid, hash: Hash): Buffer {
  const key = Buffer.allocUnsafe(48)
  key.set(uuidBytes(owner), 0)
  if (key.write(hash, 16, 'hex') !== 32) throw new FormatError(`not a hash: ${hash}`)
  return key
}

/** The hash within a block's key. */
export function blockHash(key: Buffer): Hash {
  return key.toString('hex', 16, 48)
}

/** A trail is nothing but its key: volume, position, owner, hash. */
export function trailKey(trail: Trail): Uint8Array {
  writer.reset().uuid(trail.volume)
  writer.u64BigEndian(trail.position)
  writer.uuid(trail.owner)
  writer.hash(trail.hash)
  return writer.take()
}

export function decodeTrailKey(key: Uint8Array): Trail {
  const reader = new ByteReader(key, 'trail')
  const volume = reader.uuid()
  const position = reader.u64BigEndian()
  const trail = { volume, position, owner: reader.uuid(), hash: reader.hash() }
  reader.end()
  return trail
}

/** The id that a volume's key is. */
export function uuidOf(key: Buffer): Uuid {
  const hex = key.toString('hex')
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
  return [...parts, hex.slice(20)].join('-')
}
