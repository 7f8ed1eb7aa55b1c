// Writes the records' building blocks (varint, fixed integers, byte strings, ids, hashes) into one
// growing buffer that is used again for every record. Values that the format cannot hold are refused
// here, so that nothing is ever stored that could not be read back.

import { FormatError } from './format-error.js'
import type { Hash } from './inode.js'
import type { Name } from './name.js'
import type { Uuid } from './record.js'

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const hashPattern = /^[0-9a-f]{64}$/

export class ByteWriter {
  #buffer = Buffer.allocUnsafeSlow(1024)
  #length = 0

  /** Starts anew; whatever an encoder that threw half-way left behind is gone. */
  reset(): this {
    this.#length = 0
    return this
  }

  /** A copy of what was written since `reset`. */
  take(): Uint8Array {
    return Buffer.from(this.#buffer.subarray(0, this.#length))
  }

  /** What was written since `reset`, in place: good until more is. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  u8(value: number): void {
    checkNumber(value, 0xff)
    const at = this.#claim(1)
    this.#buffer[at] = value
  }

  u16(value: number): void {
    checkNumber(value, 0xffff)
    const at = this.#claim(2)
    this.#buffer[at] = value
    this.#buffer[at + 1] = value >>> 8
  }

  u32(value: number): void {
    checkNumber(value, 0xffff_ffff)
    const at = this.#claim(4)
    this.#buffer.writeUInt32LE(value, at)
  }

  /** Eight bytes, most significant first: numbers in keys, so that bytes sort as numbers do. */
  u64BigEndian(value: number): void {
    checkNumber(value)
    const at = this.#claim(8)
    this.#buffer.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at)
    this.#buffer.writeUInt32BE(value % 0x1_0000_0000, at + 4)
  }

  /** Unsigned LEB128, in the fewest bytes; at most 8, as numbers stay below 2^53. */
  varint(value: number): void {
    checkNumber(value)
    let at = this.#claim(8)
    let rest = value
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128))
      this.#buffer[at++] = (rest % 128) | 128
    for (; rest > 127; rest >>>= 7) this.#buffer[at++] = (rest & 127) | 128
    this.#buffer[at++] = rest
    this.#length = at
  }

  /** A signed number as a varint: 0, -1, 1, -2, ... become 0, 1, 2, 3, ... */
  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  bytes(value: Uint8Array): void {
    const at = this.#claim(value.length)
    this.#buffer.set(value, at)
  }

  /** A byte string without its length. */
  latin1(value: Name): void {
    const at = this.#claim(value.length)
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code > 255) throw new FormatError(`not a byte string: ${JSON.stringify(value)}`)
      this.#buffer[at + i] = code
    }
  }

  /** A byte string behind its length. */
  name(value: Name): void {
    this.varint(value.length)
    this.latin1(value)
  }

  /** Bytes behind their length. */
  blob(value: Uint8Array): void {
    this.varint(value.length)
    this.bytes(value)
  }

  uuid(value: Uuid): void {
    const at = this.#claim(16)
    this.#buffer.set(uuidBytes(value), at)
  }

  hash(value: Hash): void {
    if (!hashPattern.test(value)) throw new FormatError(`not a hash: ${JSON.stringify(value)}`)
    const at = this.#claim(32)
    this.#buffer.write(value, at, 'hex')
  }

  #claim(count: number): number {
    const at = this.#length
    if (at + count > this.#buffer.length) this.#grow(at + count)
    this.#length = at + count
    return at
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }
}

/** The same few ids (of a volume, a mount, a journal) stand in one record after another. */
const knownUuids = new Map<Uuid, Uint8Array>()
const knownUuidsMax = 64

/** The 16 bytes of an id: not to be changed. Throws FormatError. */
export function uuidBytes(value: Uuid): Uint8Array {
  const known = knownUuids.get(value)
  if (known) return known
  if (!uuidPattern.test(value)) throw new FormatError(`not a UUID: ${JSON.stringify(value)}`)
  const bytes = Buffer.from(value.replaceAll('-', ''), 'hex')
  if (knownUuids.size >= knownUuidsMax) knownUuids.clear()
  knownUuids.set(value, bytes)
  return bytes
}

function checkNumber(value: number, max = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > max)
    throw new FormatError(`not an integer from 0 to ${max}: ${value}`)
}
