// Keys of an LMDB environment that holds many volumes: the volume's id, then the key of the record
// (key-codec.ts); in the index the inode, then the directory and name. Built by hand, as every read of
// a replica begins here.

import { decodeKey } from '../volume/key-codec.js'
import type { Name } from '../volume/name.js'
import type { Key, Uuid } from '../volume/record.js'

const idLength = 16
const recordNameAt = idLength + 9
const linkNameAt = idLength + 16

/** The 16 bytes of an id. */
export function idBytes(id: Uuid): Buffer {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex')
  if (bytes.length !== idLength) throw new TypeError(`not a UUID: ${id}`)
  return bytes
}

/** Key of a record; `prefix` is the volume's id. */
export function recordKey(prefix: Buffer, kind: number, parent: number, name: Name): Buffer {
  const key = Buffer.allocUnsafe(recordNameAt + name.length)
  prefix.copy(key)
  key[idLength] = kind
  writeNumber(key, parent, idLength + 1)
  key.write(name, recordNameAt, 'latin1')
  return key
}

/** The record's own key within such a key. */
export function ownKey(key: Buffer): Key {
  return decodeKey(key.subarray(idLength))
}

/** The name within the key of a record. */
export function ownName(key: Buffer): Name {
  return key.toString('latin1', recordNameAt)
}

/** Key of an index row: inode `ino` has this name. */
export function linkKey(prefix: Buffer, ino: number, parent: number, name: Name): Buffer {
  const key = Buffer.allocUnsafe(linkNameAt + name.length)
  prefix.copy(key)
  writeNumber(key, ino, idLength)
  writeNumber(key, parent, idLength + 8)
  key.write(name, linkNameAt, 'latin1')
  return key
}

/** What follows the inode in an index row's key. */
export function ownLink(key: Buffer): { parent: number; name: Name } {
  return { parent: readNumber(key, idLength + 8), name: key.toString('latin1', linkNameAt) }
}

/** The inode of an index row's key. */
export function inoOfLink(key: Buffer): number {
  return readNumber(key, idLength)
}

function readNumber(key: Buffer, at: number): number {
  return key.readUInt32BE(at) * 0x1_0000_0000 + key.readUInt32BE(at + 4)
}

function writeNumber(key: Buffer, value: number, at: number): void {
  key.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at)
  key.writeUInt32BE(value % 0x1_0000_0000, at + 4)
}
