// The file of a journal: a header that says whose it is, then records, each in a frame of lengths and
// checksum. Content that a record names by its hash stands behind it, outside of the checksum. Records are appended with one write each, which ends the file behind them. What a process wrote
// is there when it is killed; after a power cut any of it may be missing, which the checksums tell.
//
// What is committed is written over, from the start: that costs half of what new pages of the file would.
//
//   header  magic (8), volume (16), journal (16), boot (16), CRC-32 of these (4)
//   frame   CRC-32 (4) of what follows but the content, length of the record (4), of its content (4), both
//   end     12 bytes of zeros, or the end of the file

import { fdatasyncSync, fstatSync, ftruncateSync, readSync, writeSync, writevSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { asFsError, Errno, FsError } from '../posix/errno.js'
import { ByteReader } from '../volume/byte-reader.js'
import { ByteWriter } from '../volume/byte-writer.js'
import type { Uuid } from '../volume/record.js'
import type { JournalRecord, NewRecord } from './journal.js'
import { decodeJournalRecord, encodeJournalRecord } from './journal-record-codec.js'

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

/** Begins an empty file. Throws FsError. */
export function writeHeader(fd: number, header: JournalHeader): void {
  const writer = new ByteWriter().reset()
  writer.latin1(magic)
  writer.uuid(header.volume)
  writer.uuid(header.journal)
  writer.uuid(header.boot)
  const bytes = Buffer.from(writer.take())
  writer.u32(crc32(bytes))
  append(fd, 0, [writer.take()])
}

/** Writes a record behind `at`; answers where it ends. Throws FsError, and leaves nothing behind `at`. */
export function appendRecord(fd: number, at: number, record: NewRecord): number {
  const said = encodeJournalRecord(record)
  const { content } = record
  const contentBytes = content.reduce((sum, { length }) => sum + length, 0)
  const length = frameBytes + said.length
  const frame = scratch(length + frameBytes)
  frame.set(said, frameBytes)
  frame.writeUInt32LE(said.length, 4)
  frame.writeUInt32LE(contentBytes, 8)
  frame.writeUInt32LE(crc32(frame.subarray(4, length)), 0)
  frame.fill(0, length)
  if (contentBytes === 0) append(fd, at, [frame])
  else append(fd, at, [frame.subarray(0, length), ...content, endOfRecords])
  return at + length + contentBytes
}

/** Where a frame is put together; most are small. */
let reused = Buffer.allocUnsafeSlow(16 * 1024)

function scratch(length: number): Buffer {
  if (length > reused.length) reused = Buffer.allocUnsafeSlow(length)
  return reused.subarray(0, length)
}

/** All records go, where asked also after a power cut; the header stays. Throws FsError. */
export function clearRecords(fd: number, forGood: boolean): number {
  try {
    if (forGood || fstatSync(fd).size > reusedBytesMax) ftruncateSync(fd, headerBytes)
    else writeSync(fd, endOfRecords, 0, frameBytes, headerBytes)
    if (forGood) fdatasyncSync(fd)
    return headerBytes
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
}

/** What can be read of a journal. Throws FsError where the file itself cannot. */
export function readJournal(fd: number): JournalContents {
  const bytes = readAll(fd)
  const header = readHeader(bytes)
  if (!header) return { header, records: [], damage: bytes.length > 0 ? 'its header' : undefined }
  const records: JournalRecord[] = []
  let at = headerBytes
  while (at < bytes.length && !isEnd(bytes, at)) {
    const record = readRecord(bytes, at)
    if (typeof record === 'string')
      return { header, records, damage: `byte ${at} of ${bytes.length}: ${record}` }
    // After a power cut: what was to be written over stands behind what was written since.
    if (record.record.number <= (records.at(-1)?.number ?? 0)) break
    records.push(record.record)
    at = record.end
  }
  return { header, records, damage: undefined }
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

function readRecord(bytes: Buffer, at: number): { record: JournalRecord; end: number } | string {
  if (bytes.length - at < frameBytes) return 'a record is cut short'
  const [start, length, contentBytes] = [
    at + frameBytes,
    bytes.readUInt32LE(at + 4),
    bytes.readUInt32LE(at + 8),
  ]
  const [middle, end] = [start + length, start + length + contentBytes]
  if (end - start > recordBytesMax) return `a record of ${end - start} bytes`
  if (end > bytes.length) return 'a record is cut short'
  if (crc32(bytes.subarray(at + 4, middle)) !== bytes.readUInt32LE(at)) return 'a record is damaged'
  try {
    const content = Buffer.from(bytes.subarray(middle, end))
    return { record: decodeJournalRecord(bytes.subarray(start, middle), content), end }
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
    // The record has no valid checksum, or was never answered: it ends the journal when it is read.
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
