// The reply that is being written: one buffer for the header and the fixed fields, used again for
// every reply, and a list of buffers with data that follow it. A reply is sent as soon as it is
// complete, so one frame serves a whole connection.

import { OUT_BODY, OUT_HEADER_SIZE, upperHalf } from './layout.js'

/** Room for the largest fixed reply, that of CREATE, with some to spare. */
const FRAME_SIZE = 512

export class ReplyFrame {
  /** Header and fixed fields. */
  readonly head: Buffer
  readonly words: Uint32Array
  /** Bytes of `head` that are in use. */
  headSize = OUT_HEADER_SIZE
  /** What follows the head. */
  data: readonly Uint8Array[] = NO_DATA
  /** Bytes in `data`. */
  dataSize = 0

  constructor() {
    const memory = new ArrayBuffer(FRAME_SIZE)
    this.head = Buffer.from(memory)
    this.words = new Uint32Array(memory)
  }

  /** Starts a reply: a header of success without a body. */
  begin(uniqueLo: number, uniqueHi: number): void {
    this.words[1] = 0
    this.words[2] = uniqueLo
    this.words[3] = uniqueHi
    this.headSize = OUT_HEADER_SIZE
    this.data = NO_DATA
    this.dataSize = 0
  }

  /** The error number of the reply, 0 for success. */
  get errno(): number {
    return -((this.words[1] as number) | 0)
  }

  /** Makes the reply an error, without a body. */
  fail(errno: number): void {
    this.words[1] = -errno
    this.headSize = OUT_HEADER_SIZE
    this.data = NO_DATA
    this.dataSize = 0
  }

  /** Writes the length into the header: the reply is complete. */
  finish(): number {
    const length = this.headSize + this.dataSize
    this.words[0] = length
    return length
  }

  /** Makes room for a body of `size` bytes, all 0. */
  body(size: number): void {
    this.words.fill(0, OUT_BODY, OUT_BODY + size / 4)
    this.headSize = OUT_HEADER_SIZE + size
  }

  /** Sets word `index` of the body. */
  u32(index: number, value: number): void {
    this.words[OUT_BODY + index] = value
  }

  /** Sets words `index` and `index + 1` of the body to a whole number, which may be negative. */
  u64(index: number, value: number): void {
    this.words[OUT_BODY + index] = value
    this.words[OUT_BODY + index + 1] = upperHalf(value)
  }

  /** Puts data behind the fixed fields. */
  append(data: readonly Uint8Array[]): void {
    let size = 0
    for (const part of data) size += part.length
    this.data = data
    this.dataSize = size
  }
}

const NO_DATA: readonly Uint8Array[] = []
