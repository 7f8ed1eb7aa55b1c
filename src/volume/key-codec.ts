// Keys as bytes, so that an engine that sorts bytes (LMDB) keeps records in the order of the volume:
// kind (1 byte), parent (8 bytes, most significant first), name (raw bytes to the end).

import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { type Key, RecordKind } from './record.js'

const kinds = new Set<number>(Object.values(RecordKind))
const writer = new ByteWriter()

/** Throws FormatError for what the format cannot hold. */
export function encodeKey(key: Key): Uint8Array {
  writeKey(writer.reset(), key)
  return writer.take()
}

/** As part of a longer key. */
export function writeKey(writer: ByteWriter, key: Key): void {
  writer.u8(key.kind)
  writer.u64BigEndian(key.parent)
  writer.latin1(key.name)
}

/** Throws FormatError. */
export function decodeKey(bytes: Uint8Array): Key {
  return readKey(new ByteReader(bytes, 'key'))
}

/** Reads to the end. */
export function readKey(reader: ByteReader): Key {
  const kind = reader.u8()
  if (!kinds.has(kind)) throw reader.damaged(`kind ${kind} is not known`)
  const parent = reader.u64BigEndian()
  return { kind: kind as RecordKind, parent, name: reader.latin1(reader.left) }
}

/** Order of records: below 0 where `a` comes first. Agrees with the order of the encoded bytes. */
export function compareKeys(a: Key, b: Key): number {
  if (a.kind !== b.kind) return a.kind - b.kind
  if (a.parent !== b.parent) return a.parent < b.parent ? -1 : 1
  if (a.name === b.name) return 0
  return a.name < b.name ? -1 : 1
}
