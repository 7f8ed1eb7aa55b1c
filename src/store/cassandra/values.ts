// CQL values to and from those of the interface: ids, names, bytes, 64-bit numbers. Sequence and inode
// numbers stay below 2^53, so that a bigint column is a JS number everywhere above the driver.

import { types } from 'cassandra-driver'
import type { Hash } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import type { Uuid } from '../../volume/record.js'
import { StoreUnusable } from '../store.js'

export type Row = types.Row

/** The one partition of a volume that is in use. */
export const shard = 0

const emptyBlob = Buffer.alloc(0)

export function uuidValue(id: Uuid): types.Uuid {
  return types.Uuid.fromString(id)
}

export function nameValue(name: Name): Buffer {
  return name === '' ? emptyBlob : Buffer.from(name, 'latin1')
}

/** The same memory: the driver takes Buffers only. */
export function blobValue(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function hashValue(hash: Hash): Buffer {
  return Buffer.from(hash, 'hex')
}

/** A bigint column; undefined for null. */
export function numberOf(cell: unknown): number | undefined {
  if (cell === null || cell === undefined) return undefined
  const value = typeof cell === 'number' ? cell : (cell as types.Long).toNumber()
  if (!Number.isSafeInteger(value)) throw new StoreUnusable(`a number beyond 2^53: ${cell}`)
  return value
}

/** A bigint column that every such row has. */
export function requiredNumber(cell: unknown, what: string): number {
  const value = numberOf(cell)
  if (value === undefined) throw new StoreUnusable(`${what} is missing in the store`)
  return value
}

export function uuidOf(cell: unknown): Uuid | undefined {
  return cell === null || cell === undefined ? undefined : String(cell)
}

export function blobOf(cell: unknown): Buffer | undefined {
  return cell === null || cell === undefined ? undefined : (cell as Buffer)
}

export function nameOf(cell: unknown): Name {
  return (cell as Buffer).toString('latin1')
}
