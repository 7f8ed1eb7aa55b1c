// The order in which a directory is read, and the offsets that readdir hands out. The kernel shares a
// directory's cached listing between handles, and a listing may go on after a restart or beside a
// removal: so an offset is a 53-bit hash of the name, keyed by the volume, and entries come in that
// order. It means the same for every handle, mount and restart, whatever comes and goes between.

import type { Name } from '../volume/name.js'
import type { Uuid } from '../volume/record.js'

/** Offsets before every name: 0 is the start, 1 behind ".", 2 behind "..". */
export const afterDot = 1
export const afterDotDot = 2

/** Room for the reserved offsets, and for the one below a hash. */
const lowest = 4
const highBits = 0x1f_ffff

/** Hash of a name, from 4 to 2^53 - 1. */
export type NameHash = (name: Name) => number

/** Two multiplicative 32-bit hashes, each seeded by a half of the volume's id, 21 and 32 bits of them. */
export function createNameHash(volume: Uuid): NameHash {
  const hex = volume.replaceAll('-', '')
  const seedLow = Number.parseInt(hex.slice(0, 8), 16) ^ Number.parseInt(hex.slice(8, 16), 16)
  const seedHigh = Number.parseInt(hex.slice(16, 24), 16) ^ Number.parseInt(hex.slice(24), 16)
  return (name) => {
    let low = seedLow ^ name.length
    let high = seedHigh
    for (let i = 0; i < name.length; i++) {
      const byte = name.charCodeAt(i)
      low = Math.imul(low ^ byte, 0x9e37_79b1)
      low ^= low >>> 15
      high = Math.imul(high ^ byte, 0x85eb_ca77)
      high ^= high >>> 13
    }
    low = finish(low ^ high, 0xc2b2_ae3d)
    high = finish(high ^ Math.imul(low, 0x27d4_eb2f), 0x1656_67b1)
    const hash = (high & highBits) * 0x1_0000_0000 + (low >>> 0)
    return hash < lowest ? hash + lowest : hash
  }
}

/** Spreads every bit over all. */
function finish(value: number, factor: number): number {
  const mixed = Math.imul(value ^ (value >>> 16), factor)
  return mixed ^ (mixed >>> 15)
}

export interface Ordered<E> {
  /** Ascending. */
  readonly hashes: Float64Array
  readonly entries: readonly E[]
}

/** Entries in the order of their hashes; among equal hashes by name. */
export function orderEntries<E extends { readonly name: Name }>(
  entries: readonly E[],
  hash: NameHash,
): Ordered<E> {
  const hashed = entries.map((entry) => ({ hash: hash(entry.name), entry }))
  hashed.sort((a, b) => a.hash - b.hash || (a.entry.name < b.entry.name ? -1 : 1))
  return {
    hashes: Float64Array.from(hashed, (one) => one.hash),
    entries: hashed.map((one) => one.entry),
  }
}

/** The index of the first entry behind `offset`. */
export function firstBehind(hashes: Float64Array, offset: number): number {
  let low = 0
  let high = hashes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((hashes[middle] as number) > offset) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * The offset behind the entry at `index`. Where the next one has the same hash it is one less: who
 * stops between them reads this one again rather than never the next.
 */
export function offsetBehind(hashes: Float64Array, index: number): number {
  const hash = hashes[index] as number
  return hashes[index + 1] === hash ? hash - 1 : hash
}
