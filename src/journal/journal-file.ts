// The file of a journal: a header that says whose it is, then records, each in a frame of lengths and
// checksum. Content that a record names by its hash stands behind it, outside of the checksum. Records are
// appended with one write each, which ends the file behind them. What a process wrote is there when it is
// killed; after a power cut any of it may be missing, which the checksums tell.
//
// What is committed is written over, from the start: that costs half of what new pages of the file would.
//
//   header  magic (8), volume (16), journal (16), boot (16), CRC-32 of these (4)
//   frame   CRC-32 (4) of what follows but the content, length of the record (4), of its content (4), both
//   end     12 bytes of zeros, or the end of the file
//
// Each CRC goes on from the one before, the first from that of the header, which has a random id: what programs
// have written and the file still holds behind its end, or a record of an earlier use of it, is none.

import { fdatasyncSync, fstatSync, ftruncateSync, readSync, writeSync, writevSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { asFsError, Errno, FsError } from '../posix/errno.js'
import { ByteReader } from '../volume/byte-reader.js'
import { ByteWriter } from '../volume/byte-writer.js'
import type { Uuid } from '../volume/record.js'
import type { JournalRecord, NewRecord } from './journal.js'
import { decodeJournalRecord, encodeJournalRecord } from './journal-record-codec.js'

/** The last letter is the version of the format. */
const magic = 'cassfsj2'
const headerBytes = 60
const frameBytes = 12
/** No record is longer: the blocks of a save, and what is said of it. */
const recordBytesMax = 16 * 2 ** 20
/** A file that has grown beyond this gives its room back. */
const reusedBytesMax = 16 * 2 ** 20
const endOfRecords = Buffer.alloc(frameBytes)

export interface JournalHeader {
  readonly volume: Uuid
  readonly journal: Uuid
  /** Start of the machine in which it was written. */
  readonly boot: Uuid
}

/** Where the next frame goes, and the CRC that its own goes on from. */
export interface Tail {
  readonly at: number
  readonly crc: number
}

/** Begins an empty file. Throws FsError. */
export function writeHeader(fd: number, header: JournalHeader): Tail {
  const writer = new ByteWriter().reset()
  writer.latin1(magic)
  writer.uuid(header.volume)
  writer.uuid(header.journal)
  writer.uuid(header.boot)
  const bytes = Buffer.from(writer.take())
  const crc = crc32(bytes)
  writer.u32(crc)
  append(fd, 0, [writer.take()])
  return { at: headerBytes, crc }
}

/** Writes a record behind `tail`. Throws FsError, FormatError, and leaves nothing there. */
export function appendRecord(fd: number, { at, crc: before }: Tail, record: NewRecord): Tail {
  const said = encodeJournalRecord(record)
  const { content } = record
  const contentBytes = content.reduce((sum, { length }) => sum + length, 0)
  if (said.length + contentBytes > recordBytesMax)
    throw new FsError(Errno.EFBIG, `a record of ${said.length + contentBytes} bytes`)
  const length = frameBytes + said.length
  const frame = scratch(length + frameBytes)
  frame.set(said, frameBytes)
  frame.writeUInt32LE(said.length, 4)
  frame.writeUInt32LE(contentBytes, 8)
  const crc = crc32(frame.subarray(4, length), before)
  frame.writeUInt32LE(crc, 0)
  frame.fill(0, length)
  if (contentBytes === 0) append(fd, at, [frame])
  else append(fd, at, [frame.subarray(0, length), ...content, endOfRecords])
  return { at: at + length + contentBytes, crc }
}

/** Where a frame is put together; most are small. */
let reused = Buffer.allocUnsafeSlow(16 * 1024)

function scratch(length: number): Buffer {
  if (length > reused.length) reused = Buffer.allocUnsafeSlow(length)
  return reused.subarray(0, length)
}

/** All records go, where asked also after a power cut; the header stays. Throws FsError. */
export function clearRecords(fd: number, forGood: boolean): void {
  try {
    if (forGood || fstatSync(fd).size > reusedBytesMax) ftruncateSync(fd, headerBytes)
    else writeSync(fd, endOfRecords, 0, frameBytes, headerBytes)
    if (forGood) fdatasyncSync(fd)
  } catch (cause) {
    throw asFsError(cause, 'the journal cannot be emptied')
  }
}

export interface JournalContents {
  /** Undefined: it has none that can be read, and so holds nothing. */
  readonly header: JournalHeader | undefined
  readonly records: readonly JournalRecord[]
  /** Why the rest cannot be read. */
  readonly damage: string | undefined
  /** The whole of it is in a later format than this one. */
  readonly isNewer?: boolean
}

/** What can be read of a journal. Throws FsError where the file itself cannot. */
export function readJournal(fd: number): JournalContents {
  const bytes = readAll(fd)
  const header = readHeader(bytes)
  if (!header) return { header, records: [], ...faultOfHeader(bytes) }
  const records: JournalRecord[] = []
  let tail = { at: headerBytes, crc: bytes.readUInt32LE(headerBytes - 4) }
  while (tail.at < bytes.length && !isEnd(bytes, tail.at)) {
    const read = readRecord(bytes, tail)
    if (typeof read === 'string')
      return { header, records, damage: `byte ${tail.at} of ${bytes.length}: ${read}` }
    records.push(read.record)
    tail = read.tail
  }
  return { header, records, damage: undefined }
}

function faultOfHeader(bytes: Buffer): Pick<JournalContents, 'damage' | 'isNewer'> {
  if (bytes.length === 0) return { damage: undefined }
  const found = bytes.toString('latin1', 0, magic.length)
  const [stem, version] = [magic.slice(0, -1), found.slice(-1)]
  if (found === magic || !/\d/.test(version) || found !== stem + version)
    return { damage: 'its header' }
  const isNewer = version > magic.slice(-1)
  const by = isNewer ? 'a newer CassFS' : 'an older CassFS'
  return { damage: `it was written by ${by} (${found}, here ${magic})`, isNewer }
}

function isEnd(bytes: Buffer, at: number): boolean {
  return endOfRecords.equals(bytes.subarray(at, at + frameBytes))
}

function readHeader(bytes: Buffer): JournalHeader | undefined {
  if (bytes.length < headerBytes) return undefined
  const covered = bytes.subarray(0, headerBytes - 4)
  if (bytes.toString('latin1', 0, magic.length) !== magic) return undefined
  if (crc32(covered) !== bytes.readUInt32LE(headerBytes - 4)) return undefined
  const reader = new ByteReader(bytes.subarray(magic.length, headerBytes), 'journal')
  return { volume: reader.uuid(), journal: reader.uuid(), boot: reader.uuid() }
}

function readRecord(
  bytes: Buffer,
  { at, crc: before }: Tail,
): { record: JournalRecord; tail: Tail } | string {
  if (bytes.length - at < frameBytes) return 'a record is cut short'
  const [start, length, contentBytes] = [
    at + frameBytes,
    bytes.readUInt32LE(at + 4),
    bytes.readUInt32LE(at + 8),
  ]
  const [middle, end] = [start + length, start + length + contentBytes]
  if (end - start > recordBytesMax) return `a record of ${end - start} bytes`
  if (end > bytes.length) return 'a record is cut short'
  const crc = crc32(bytes.subarray(at + 4, middle), before)
  if (crc !== bytes.readUInt32LE(at)) return 'a record is damaged'
  try {
    const content = Buffer.from(bytes.subarray(middle, end))
    const record = decodeJournalRecord(bytes.subarray(start, middle), content)
    return { record, tail: { at: end, crc } }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** With one write. */
function append(fd: number, at: number, parts: readonly Uint8Array[]): void {
  const [first, ...others] = parts
  if (!first) return
  try {
    const written =
      others.length === 0
        ? writeSync(fd, first, 0, first.length, at)
        : writevSync(fd, parts as Uint8Array[], at)
    if (written < parts.reduce((sum, { length }) => sum + length, 0))
      throw new FsError(Errno.ENOSPC, 'the journal is cut short')
  } catch (cause) {
    truncate(fd, at)
    throw asFsError(cause, 'the journal cannot be written')
  }
}

/** What is behind would be taken for a damaged record; where even this fails, it is one. */
function truncate(fd: number, length: number): void {
  try {
    ftruncateSync(fd, length)
  } catch {
    // The record has no valid checksum, or other content than it names, or was never answered.
  }
}

function readAll(fd: number): Buffer {
  try {
    const { size } = fstatSync(fd)
    const bytes = Buffer.allocUnsafe(size)
    let length = 0
    while (length < size) {
      const count = readSync(fd, bytes, length, size - length, length)
      if (count === 0) break
      length += count
    }
    return bytes.subarray(0, length)
  } catch (cause) {
    throw asFsError(cause, 'a journal cannot be read')
  }
}
