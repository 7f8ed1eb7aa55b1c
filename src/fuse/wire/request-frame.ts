// One request as it came: a buffer that is read into again and again, its header, and a cursor-free
// view of its body for the decoders. A frame that is too short or has no end to its name throws a
// FrameError, which becomes the errno of the reply.

import { Errno } from '../../posix/errno.js'
import { EXT_GROUPS, type InitFlag } from './flags.js'
import { IN_BODY, IN_HEADER_SIZE, InHeader, toNumber } from './layout.js'
import type { U64 } from './request-types.js'

/** A request that cannot be decoded; `errno` is what it is answered with. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
  constructor(
    readonly errno: number,
    message: string,
  ) {
    super(message)
  }
}

const NO_FLAGS: ReadonlySet<InitFlag> = new Set()

export class RequestFrame {
  /** The whole buffer: bytes from 0 to `length` are the request. */
  readonly bytes: Buffer
  /** The same memory in words of 4 bytes. */
  readonly words: Uint32Array
  /** Length of the request in bytes, header and extensions included. */
  length = 0
  /** End of the body in bytes: where extensions begin, or `length`. */
  end = 0
  /** What INIT settled; decides how SETXATTR is laid out. */
  flags: ReadonlySet<InitFlag> = NO_FLAGS

  /** A buffer of `size` bytes, a multiple of 8; aligned as the kernel's structures are. */
  constructor(size: number) {
    const memory = new ArrayBuffer(size)
    this.bytes = Buffer.from(memory)
    this.words = new Uint32Array(memory)
  }

  /**
   * Takes the first `length` bytes of the buffer as a request. False where they are none: shorter
   * than a header, or of another length than the header says.
   */
  accept(length: number): boolean {
    this.length = length
    this.end = length
    if (length < IN_HEADER_SIZE || this.word(InHeader.len) !== length) return false
    const extensions = (this.word(InHeader.totalExtlen) & 0xffff) * 8
    this.end = length - extensions
    return this.end >= IN_HEADER_SIZE
  }

  /** Word number `index` of the frame, header included; not checked against the length. */
  word(index: number): number {
    return this.words[index] as number
  }

  /** Throws unless the body has at least `size` bytes. */
  need(size: number): void {
    if (this.end < IN_HEADER_SIZE + size) throw new FrameError(Errno.EIO, 'request is too short')
  }

  /** Word `index` of the body. */
  u32(index: number): number {
    return this.words[IN_BODY + index] as number
  }

  /** Words `index` and `index + 1` of the body as a number; `errno` if that is beyond 2^53. */
  u64(index: number, errno: number = Errno.EFBIG): number {
    const value = toNumber(this.u32(index), this.u32(index + 1))
    if (value < 0) throw new FrameError(errno, 'a 64-bit number is beyond 2^53')
    return value
  }

  /** The same words as they are. */
  pair(index: number): U64 {
    return { lo: this.u32(index), hi: this.u32(index + 1) }
  }

  /** The same words as a count of seconds, in two's complement. */
  seconds(index: number): number {
    const sec = (this.u32(index + 1) | 0) * 0x1_0000_0000 + this.u32(index)
    if (!Number.isSafeInteger(sec)) throw new FrameError(Errno.EINVAL, 'a time is beyond 2^53')
    return sec
  }

  /** The string from body byte `start` to its NUL; throws when there is none or it is empty. */
  string(start: number): string {
    const from = IN_HEADER_SIZE + start
    const to = from < this.end ? this.bytes.indexOf(0, from) : -1
    if (to < 0 || to >= this.end) throw new FrameError(Errno.EIO, 'a name without an end')
    if (to === from) throw new FrameError(Errno.EINVAL, 'an empty name')
    return this.bytes.toString('latin1', from, to)
  }

  /** A view of `size` bytes from body byte `start`. */
  data(start: number, size: number): Buffer {
    this.need(start + size)
    return this.bytes.subarray(IN_HEADER_SIZE + start, IN_HEADER_SIZE + start + size)
  }

  /** Groups of the extension EXT_GROUPS (CREATE_SUPP_GROUP), or undefined without one. */
  groups(): readonly number[] | undefined {
    // Extensions follow the names directly: not aligned.
    for (let at = this.end; at + 8 <= this.length; ) {
      const size = this.bytes.readUInt32LE(at)
      if (size < 8 || at + size > this.length) break
      if (this.bytes.readUInt32LE(at + 4) === EXT_GROUPS) return this.#groupList(at + 8, at + size)
      at += size
    }
    return undefined
  }

  #groupList(start: number, end: number): readonly number[] {
    const count = start + 4 <= end ? this.bytes.readUInt32LE(start) : 0
    if (start + 4 + 4 * count > end) throw new FrameError(Errno.EIO, 'a torn list of groups')
    return Array.from({ length: count }, (_, index) =>
      this.bytes.readUInt32LE(start + 4 + 4 * index),
    )
  }
}
