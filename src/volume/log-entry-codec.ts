// A log entry as bytes: the value of a log record. It carries the whole new records, so that another
// replica needs nothing else. Kinds that this version does not know are decoded all the same (their
// reader decides); an unknown format version is not. Byte for byte in docs/DATA_FORMAT.md.

import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { FormatError, formatVersion } from './format-error.js'
import { decodeHead, encodeHead } from './head-codec.js'
import type { AnsweredRequest, EntryKind, LogEntry } from './log-entry.js'
import { type Key, RecordKind, type VolumeRecord } from './record.js'

const recordKinds = new Set<number>([RecordKind.dirent, RecordKind.inode, RecordKind.journal])
const writer = new ByteWriter()

/** Throws FormatError for what the format cannot hold. */
export function encodeLogEntry(entry: LogEntry): Uint8Array {
  const { seq, request, head } = entry
  if (head.seq !== seq || head.request !== request)
    throw new FormatError(`log entry ${seq} carries the head of ${head.seq}`)
  checkDistinct(entry)
  const headBytes = encodeHead(head)
  writer.reset().u8(formatVersion)
  writer.u8(entry.kind)
  writer.uuid(entry.previousRequest)
  writer.blob(headBytes)
  writer.varint(entry.puts.length)
  for (const record of entry.puts) writeRecord(record)
  writer.varint(entry.deletes.length)
  for (const key of entry.deletes) writeRecordKey(key)
  writer.varint(entry.answers.length)
  for (const answer of entry.answers) {
    writer.uuid(answer.mount)
    writer.varint(answer.unique)
  }
  return writer.take()
}

/** Throws FormatError. */
export function decodeLogEntry(value: Uint8Array): LogEntry {
  const reader = new ByteReader(value, 'log entry')
  reader.version()
  const kind = reader.u8() as EntryKind
  const previousRequest = reader.uuid()
  const head = decodeHead(reader.blob())
  const puts = readList(reader, readRecord)
  const deletes = readList(reader, readRecordKey)
  const answers = readList(reader, readAnswer)
  reader.end()
  const { seq, request } = head
  return { seq, kind, request, previousRequest, head, puts, deletes, answers }
}

/** One statement per key: of two, the engines would not all let the same one win. */
function checkDistinct({ seq, puts, deletes }: LogEntry): void {
  const seen = new Set<string>()
  for (const { kind, parent, name } of [...puts, ...deletes]) seen.add(`${kind}/${parent}/${name}`)
  if (seen.size < puts.length + deletes.length)
    throw new FormatError(`log entry ${seq} writes a key twice`)
}

function writeRecord(record: VolumeRecord): void {
  writeRecordKey(record)
  writer.blob(record.value)
}

function writeRecordKey(key: Key): void {
  if (!recordKinds.has(key.kind))
    throw new FormatError(`a log entry cannot hold a record of kind ${key.kind}`)
  writer.u8(key.kind)
  writer.varint(key.parent)
  writer.name(key.name)
}

function readList<T>(reader: ByteReader, readOne: (reader: ByteReader) => T): T[] {
  const list: T[] = []
  for (let left = reader.varint(); left > 0; left--) list.push(readOne(reader))
  return list
}

function readRecord(reader: ByteReader): VolumeRecord {
  const { kind, parent, name } = readRecordKey(reader)
  return { kind, parent, name, value: reader.blob() }
}

function readRecordKey(reader: ByteReader): Key {
  const kind = reader.u8()
  if (!recordKinds.has(kind)) throw reader.damaged(`a record of kind ${kind}`)
  return { kind: kind as RecordKind, parent: reader.varint(), name: reader.name() }
}

function readAnswer(reader: ByteReader): AnsweredRequest {
  return { mount: reader.uuid(), unique: reader.varint() }
}
