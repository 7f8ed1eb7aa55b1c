// A stream of bytes, taken in pieces of the length that the taker wants.

import type { Readable } from 'node:stream'
import { damaged } from './header.js'

export class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)
  /** Bytes taken so far. */
  offset = 0

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]()
  }

  /** At least one byte and at most `length`; undefined at the end. */
  async some(length: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#next()
      if (done) return undefined
      this.#rest = value
    }
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(taken.length)
    this.offset += taken.length
    return taken
  }

  async #next(): Promise<IteratorResult<Buffer>> {
    try {
      return await this.#chunks.next()
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      throw code?.startsWith('Z_') ? damaged(`it cannot be expanded (${message})`) : error
    }
  }

  /** Exactly `length` bytes, of their own; fewer only at the end. */
  async exactly(length: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = length; left > 0; ) {
      const part = await this.some(left)
      if (!part) break
      parts.push(part)
      left -= part.length
    }
    return Buffer.concat(parts)
  }

  /** Passes over so many bytes; false: there are not so many. */
  async skip(length: number): Promise<boolean> {
    for (let left = length; left > 0; ) {
      const part = await this.some(left)
      if (!part) return false
      left -= part.length
    }
    return true
  }
}
