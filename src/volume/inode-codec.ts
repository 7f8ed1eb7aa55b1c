// Packed attributes: the value of a dirent record (inode number, type, attributes) and of an inode
// record (attributes). Fields that are as in most inodes cost nothing: flags say which follow. A
// regular file of one block takes about 80 bytes. Byte for byte in docs/DATA_FORMAT.md.

import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { FormatError, formatVersion } from './format-error.js'
import type { Content, Dirent, Inode, Timespec } from './inode.js'
import { noXattrs, readXattrs, writeXattrs } from './xattr-codec.js'

/** Bits of the flag word: which fields follow. */
const Flag = {
  /** Two bits, the content's kind. */
  contentKind: 0x003,
  nlink: 0x004,
  rdev: 0x008,
  size: 0x010,
  target: 0x020,
  xattrs: 0x040,
  xattrBlock: 0x080,
  ctime: 0x100,
  btime: 0x200,
  shared: 0x400,
  atime: 0x800,
  contentTail: 0x1000,
} as const
const flagsKnown = 0x1fff

const contentKinds = ['none', 'inline', 'block', 'manifest'] as const
const noContent: Content = { kind: 'none' }

const typeMask = 0o170000
const directory = 0o040000
const symlink = 0o120000

/** Upper half of a dirent's type byte: what follows it. */
const Form = { pointer: 0x00, attributes: 0x10 } as const

const writer = new ByteWriter()

/** A decoded directory entry; `inode` is undefined where the attributes stand in an inode record. */
export interface DecodedDirent extends Dirent {
  readonly inode: Inode | undefined
}

/**
 * The value of a dirent record. Without `inode`, or with a shared one, it only points to the inode
 * record; else it holds the attributes. Throws FormatError for what the format cannot hold.
 */
export function encodeDirent(dirent: Dirent, inode: Inode | undefined): Uint8Array {
  if (inode && (inode.ino !== dirent.ino || (inode.mode & typeMask) !== dirent.type))
    throw new FormatError(`dirent of inode ${dirent.ino} with the attributes of ${inode.ino}`)
  if (dirent.type & ~typeMask) throw new FormatError(`not a file type: ${dirent.type}`)
  const inlined = inode !== undefined && !inode.shared
  writer.reset().varint(dirent.ino)
  writer.u8((dirent.type >>> 12) | (inlined ? Form.attributes : Form.pointer))
  if (inlined) writeAttributes(inode)
  return writer.take()
}

/** Throws FormatError. */
export function decodeDirent(value: Uint8Array): DecodedDirent {
  const reader = new ByteReader(value, 'dirent')
  const ino = reader.varint()
  const head = reader.u8()
  const type = (head & 0x0f) << 12
  const form = head & 0xf0
  let inode: Inode | undefined
  if (form === Form.attributes) {
    inode = readAttributes(reader, ino)
    if ((inode.mode & typeMask) !== type || inode.shared)
      throw reader.damaged('its type and its attributes disagree')
  } else if (form !== Form.pointer) {
    throw reader.damaged(`form ${form >>> 4} is not known to this version`)
  }
  reader.end()
  return { ino, type, inode }
}

/** The inode number of a dirent record's value, without decoding the rest. Throws FormatError. */
export function direntIno(value: Uint8Array): number {
  const first = value[0]
  if (first !== undefined && first < 128) return first
  return new ByteReader(value, 'dirent').varint()
}

/**
 * The inode whose record a dirent record's value points to; undefined where it holds the attributes
 * itself. Without decoding these. Throws FormatError.
 */
export function direntPointer(value: Uint8Array): number | undefined {
  const reader = new ByteReader(value, 'dirent')
  const ino = reader.varint()
  return (reader.u8() & 0xf0) === Form.pointer ? ino : undefined
}

/** The value of an inode record. Throws FormatError for what the format cannot hold. */
export function encodeInode(inode: Inode): Uint8Array {
  writer.reset()
  writeAttributes(inode)
  return writer.take()
}

/** `ino` is the key's. Throws FormatError. */
export function decodeInode(ino: number, value: Uint8Array): Inode {
  const reader = new ByteReader(value, 'inode record')
  const inode = readAttributes(reader, ino)
  reader.end()
  return inode
}

/**
 * How many bytes the attributes take at most, without encoding them; 0 where that is not known, or where the
 * format might not be able to hold them.
 */
export function encodableBytes(inode: Inode): number {
  const { mode, uid, gid, nlink, rdev, size, mtime, ctime, btime, atime, content } = inode
  if (inode.target !== '' || inode.xattrs.size > 0 || inode.xattrBlock) return 0
  const numbers = isCount(mode, 0xffff) && isCount(uid) && isCount(gid) && isCount(nlink)
  if (!numbers || !isCount(rdev) || !isCount(size)) return 0
  if (!isTime(mtime) || !isTime(ctime) || !isTime(btime) || (atime && !isTime(atime))) return 0
  if (content.kind === 'none') return attributesBytesMax
  if (content.kind === 'inline') return attributesBytesMax + content.data.length
  return isCount(content.length) ? attributesBytesMax + tailLength(content) : 0
}

/** Of everything that has no length of its own, the inode number before it included. */
const attributesBytesMax = 152
/** Far beyond the times that calendars know. */
const secondsMax = 2 ** 50

function isCount(value: number, max = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= max
}

function isTime({ sec, nsec }: Timespec): boolean {
  return Number.isInteger(sec) && Math.abs(sec) <= secondsMax && isCount(nsec, 999_999_999)
}

function writeAttributes(inode: Inode): void {
  const flags = flagsOf(inode)
  writer.u8(formatVersion)
  writer.u16(flags)
  writer.u16(inode.mode)
  writer.varint(inode.uid)
  writer.varint(inode.gid)
  if (flags & Flag.nlink) writer.varint(inode.nlink)
  if (flags & Flag.rdev) writer.varint(inode.rdev)
  if (flags & Flag.size) writer.varint(inode.size)
  writeTime(inode.mtime, 0)
  if (flags & Flag.ctime) writeTime(inode.ctime, inode.mtime.sec)
  if (flags & Flag.btime) writeTime(inode.btime, inode.ctime.sec)
  if (inode.atime) writeTime(inode.atime, inode.mtime.sec)
  writeContent(inode.content)
  if (flags & Flag.target) writer.name(inode.target)
  if (flags & Flag.xattrs) writeXattrs(writer, inode.xattrs)
  if (inode.xattrBlock) {
    writer.hash(inode.xattrBlock.hash)
    writer.varint(inode.xattrBlock.length)
  }
}

function flagsOf(inode: Inode): number {
  const { content, mtime, ctime, btime } = inode
  let flags: number = contentKinds.indexOf(content.kind)
  if (inode.nlink !== usualNlink(inode.mode)) flags |= Flag.nlink
  if (inode.rdev !== 0) flags |= Flag.rdev
  if (inode.size !== usualSize(inode.mode, content, inode.target.length)) flags |= Flag.size
  if (inode.target !== '') flags |= Flag.target
  if (inode.xattrs.size > 0) flags |= Flag.xattrs
  if (inode.xattrBlock) flags |= Flag.xattrBlock
  if (ctime.sec !== mtime.sec || ctime.nsec !== mtime.nsec) flags |= Flag.ctime
  if (btime.sec !== ctime.sec || btime.nsec !== ctime.nsec) flags |= Flag.btime
  if (inode.shared) flags |= Flag.shared
  if (inode.atime) flags |= Flag.atime
  if (tailLength(content) > 0) flags |= Flag.contentTail
  return flags
}

function usualNlink(mode: number): number {
  return (mode & typeMask) === directory ? 2 : 1
}

function usualSize(mode: number, content: Content, targetLength: number): number {
  if (content.kind === 'inline') return content.data.length
  if (content.kind !== 'none') return content.length + tailLength(content)
  const type = mode & typeMask
  if (type === directory) return 4096
  return type === symlink ? targetLength : 0
}

function tailLength(content: Content): number {
  return content.kind === 'block' || content.kind === 'manifest' ? (content.tail?.length ?? 0) : 0
}

function writeTime(time: Timespec, origin: number): void {
  if (!(time.nsec >= 0 && time.nsec < 1e9))
    throw new FormatError(`nanoseconds out of range: ${time.nsec}`)
  writer.zigzag(time.sec - origin)
  writer.u32(time.nsec)
}

function writeContent(content: Content): void {
  if (content.kind === 'none') return
  if (content.kind === 'inline') {
    writer.blob(content.data)
    return
  }
  writer.hash(content.hash)
  writer.varint(content.length)
  if (content.tail && content.tail.length > 0) writer.blob(content.tail)
}

function readAttributes(reader: ByteReader, ino: number): Inode {
  reader.version()
  const flags = reader.u16()
  if (flags & ~flagsKnown) throw reader.damaged(`flags 0x${flags.toString(16)} are not known`)
  const mode = reader.u16()
  const uid = reader.varint()
  const gid = reader.varint()
  const nlink = flags & Flag.nlink ? reader.varint() : usualNlink(mode)
  const rdev = flags & Flag.rdev ? reader.varint() : 0
  const sizeRead = flags & Flag.size ? reader.varint() : undefined
  const mtime = readTime(reader, 0)
  const ctime = flags & Flag.ctime ? readTime(reader, mtime.sec) : mtime
  const btime = flags & Flag.btime ? readTime(reader, ctime.sec) : ctime
  const atime = flags & Flag.atime ? readTime(reader, mtime.sec) : undefined
  const content = readContent(reader, flags)
  const target = flags & Flag.target ? reader.name() : ''
  const xattrs = flags & Flag.xattrs ? readXattrs(reader) : noXattrs
  const size = sizeRead ?? usualSize(mode, content, target.length)
  const shared = (flags & Flag.shared) !== 0
  const xattrBlock =
    flags & Flag.xattrBlock ? { hash: reader.hash(), length: reader.varint() } : undefined
  return {
    ino,
    mode,
    uid,
    gid,
    nlink,
    rdev,
    size,
    atime,
    mtime,
    ctime,
    btime,
    content,
    target,
    xattrs,
    xattrBlock,
    shared,
  }
}

function readTime(reader: ByteReader, origin: number): Timespec {
  const sec = reader.zigzag() + origin
  const nsec = reader.u32()
  if (nsec >= 1e9) throw reader.damaged('nanoseconds out of range')
  return { sec, nsec }
}

function readContent(reader: ByteReader, flags: number): Content {
  const kind = contentKinds[flags & Flag.contentKind]
  const hasTail = (flags & Flag.contentTail) !== 0
  if (kind !== 'block' && kind !== 'manifest') {
    if (hasTail) throw reader.damaged('a tail behind no block')
    return kind === 'inline' ? { kind, data: reader.blob() } : noContent
  }
  const hash = reader.hash()
  const length = reader.varint()
  if (!hasTail) return { kind, hash, length }
  const tail = reader.blob()
  if (tail.length === 0) throw reader.damaged('an empty tail')
  return { kind, hash, length, tail }
}
