// Reads the records' building blocks; the counterpart of byte-writer.ts. Bytes cut short, numbers
// longer than needed and values out of range are a FormatError, never a guess.
// What it returns is copied: the bytes given may be a buffer that its owner uses again.

import { checkVersion, FormatError } from './format-error.js'
import type { Hash } from './inode.js'
import type { Name } from './name.js'
import type { Uuid } from './record.js'

export class ByteReader {
  readonly #buffer: Buffer
  readonly #what: string
  #at = 0

  /** `what` names the record in errors: 'dirent', 'log entry', ... */
  constructor(bytes: Uint8Array, what: string) {
    this.#buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#what = what
  }

  /** Bytes not yet read. */
  get left(): number {
    return this.#buffer.length - this.#at
  }

  /** An error about this record. */
  damaged(why: string): FormatError {
    return new FormatError(`damaged ${this.#what}: ${why}`)
  }

  /** Throws unless everything has been read. */
  end(): void {
    if (this.left > 0) throw this.damaged(`${this.left} bytes too many`)
  }

  version(): void {
    checkVersion(this.u8(), this.#what)
  }

  u8(): number {
    return this.#buffer[this.#skip(1)] as number
  }

  u16(): number {
    const at = this.#skip(2)
    return (this.#buffer[at] as number) | ((this.#buffer[at + 1] as number) << 8)
  }

  u32(): number {
    return this.#buffer.readUInt32LE(this.#skip(4))
  }

  u64BigEndian(): number {
    const at = this.#skip(8)
    const value = this.#buffer.readUInt32BE(at) * 0x1_0000_0000 + this.#buffer.readUInt32BE(at + 4)
    if (!Number.isSafeInteger(value)) throw this.damaged('a number beyond 2^53 - 1')
    return value
  }

  varint(): number {
    let byte = this.u8()
    let value = byte & 127
    for (let scale = 128; byte > 127; scale *= 128) {
      byte = this.u8()
      if (byte === 0) throw this.damaged('a number longer than needed')
      value += (byte & 127) * scale
      // The eighth byte is the last that a number below 2^53 can have.
      if (value > Number.MAX_SAFE_INTEGER || (scale === 2 ** 49 && byte > 127))
        throw this.damaged('a number beyond 2^53 - 1')
    }
    return value
  }

  zigzag(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  bytes(count: number): Uint8Array {
    const at = this.#skip(count)
    return Buffer.from(this.#buffer.subarray(at, at + count))
  }

  latin1(count: number): Name {
    const at = this.#skip(count)
    return this.#buffer.toString('latin1', at, at + count)
  }

  name(): Name {
    return this.latin1(this.varint())
  }

  blob(): Uint8Array {
    return this.bytes(this.varint())
  }

  uuid(): Uuid {
    const at = this.#skip(16)
    const hex = this.#buffer.toString('hex', at, at + 16)
    const tail = `${hex.slice(16, 20)}-${hex.slice(20)}`
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${tail}`
  }

  hash(): Hash {
    const at = this.#skip(32)
    return this.#buffer.toString('hex', at, at + 32)
  }

  #skip(count: number): number {
    const at = this.#at
    if (count > this.#buffer.length - at)
      throw this.damaged(`it ends after ${this.#buffer.length} bytes, ${count} more are expected`)
    this.#at = at + count
    return at
  }
}
