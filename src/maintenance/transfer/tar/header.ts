// One header block of a tar archive: POSIX ustar (pax, "ustar Interchange Format"), read also as GNU tar
// writes it (tar(5), "GNU tar Archives"). Names are byte strings: nothing here decodes text.

import { Errno, FsError } from '../../../posix/errno.js'
import type { Name } from '../../../volume/name.js'

export const blockBytes = 512

export interface Header {
  readonly name: Name
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes of what follows, without the padding. */
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** One character. */
  readonly type: string
  readonly linkName: Name
  readonly major: number
  readonly minor: number
}

/** Offset and length of each field. */
const field = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const

type Field = (typeof field)[keyof typeof field]

const posixMagic = 'ustar\x0000'

/** Undefined for a block of zeros, which ends an archive. Throws FsError EINVAL for what is no header. */
export function decodeHeader(block: Buffer): Header | undefined {
  if (block.every((byte) => byte === 0)) return undefined
  checkSum(block)
  const name = text(block, field.name)
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = isPosix ? text(block, field.prefix) : ''
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: number(block, field.mode),
    uid: number(block, field.uid),
    gid: number(block, field.gid),
    size: number(block, field.size),
    mtime: number(block, field.mtime),
    type: String.fromCharCode(block[field.type[0]] || 0x30),
    linkName: text(block, field.linkName),
    major: number(block, field.major),
    minor: number(block, field.minor),
  }
}

/** Some old programs added the bytes up as signed ones. */
function checkSum(block: Buffer): void {
  const [start, length] = field.checksum
  let [unsigned, signed] = [0, 0]
  block.forEach((byte, at) => {
    const counted = at >= start && at < start + length ? 0x20 : byte
    unsigned += counted
    signed += counted > 127 ? counted - 256 : counted
  })
  const told = number(block, field.checksum)
  if (told !== unsigned && told !== signed) throw damaged('a header whose checksum is wrong')
}

export function damaged(what: string): FsError {
  return new FsError(Errno.EINVAL, `the archive is damaged, or is none: ${what}`)
}

function text(block: Buffer, [offset, length]: Field): Name {
  const end = block.indexOf(0, offset)
  return block.toString(
    'latin1',
    offset,
    end < 0 ? offset + length : Math.min(end, offset + length),
  )
}

/** Octal digits; or, with the highest bit set, the number itself in two's complement. */
export function number(block: Buffer, [offset, length]: readonly [number, number]): number {
  const first = block[offset] ?? 0
  if (first & 0x80) return binary(block.subarray(offset, offset + length))
  const digits = block.toString('latin1', offset, offset + length).replace(/[\0 ]+$/, '')
  const octal = digits.trimStart()
  if (octal === '') return 0
  if (!/^[0-7]+$/.test(octal)) throw damaged('a number that is none')
  return Number.parseInt(octal, 8)
}

function binary(bytes: Buffer): number {
  const isNegative = ((bytes[0] ?? 0) & 0x40) !== 0
  let value = BigInt((bytes[0] ?? 0) & 0x3f) - (isNegative ? 0x40n : 0n)
  for (const byte of bytes.subarray(1)) value = value * 256n + BigInt(byte)
  if (!Number.isSafeInteger(Number(value))) throw damaged('a number that is too large')
  return Number(value)
}

/** Whether a value has room in a header; else it stands in an extended one. */
export const fits = {
  name: (name: Name) => name.length <= field.name[1],
  id: (id: number) => id < 8 ** 7,
  size: (size: number) => size < 8 ** 11,
  time: (seconds: number) => seconds >= 0 && seconds < 8 ** 11,
}

/** What does not fit is cut, or 0. */
export function encodeHeader(header: Header): Buffer {
  const block = Buffer.alloc(blockBytes)
  const put = (value: string, [offset, length]: Field) =>
    block.write(value.slice(0, length), offset, 'latin1')
  const octal = (value: number, at: Field) => put(value.toString(8).padStart(at[1] - 1, '0'), at)
  put(header.name, field.name)
  octal(header.mode, field.mode)
  octal(fits.id(header.uid) ? header.uid : 0, field.uid)
  octal(fits.id(header.gid) ? header.gid : 0, field.gid)
  octal(fits.size(header.size) ? header.size : 0, field.size)
  octal(fits.time(header.mtime) ? header.mtime : 0, field.mtime)
  put(header.type, field.type)
  put(header.linkName, field.linkName)
  put(posixMagic, field.magic)
  octal(header.major, field.major)
  octal(header.minor, field.minor)
  put(' '.repeat(field.checksum[1]), field.checksum)
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, field.checksum)
  return block
}

/** From a length to the next whole block. */
export function paddingOf(length: number): number {
  return (blockBytes - (length % blockBytes)) % blockBytes
}
