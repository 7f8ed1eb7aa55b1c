// A record of a journal as bytes; the frame around it is the file's. Byte for byte in docs/DATA_FORMAT.md.

import { ByteReader } from '../volume/byte-reader.js'
import { ByteWriter } from '../volume/byte-writer.js'
import { formatVersion } from '../volume/format-error.js'
import type { Timespec } from '../volume/inode.js'
import type { AnsweredRequest } from '../volume/log-entry.js'
import type { JournalRecord, NewRecord, Seen } from './journal.js'

const writer = new ByteWriter()

/** Without its content; good until the next call. Throws FormatError for what the format cannot hold. */
export function encodeJournalRecord(record: Omit<NewRecord, 'content'>): Uint8Array {
  const { number, grantSeq, seen, intent, answers } = record
  writer.reset().u8(formatVersion)
  writer.varint(number)
  writer.varint(grantSeq)
  writer.varint(seen.names.length)
  for (const { parent, name, ino } of seen.names) {
    writer.varint(parent)
    writer.name(name)
    writer.varint(ino)
  }
  writer.varint(seen.inodes.length)
  for (const { ino, ctime } of seen.inodes) {
    writer.varint(ino)
    writer.zigzag(ctime.sec)
    writer.varint(ctime.nsec)
  }
  writer.u8(answers ? 1 : 0)
  if (answers) {
    writer.uuid(answers.mount)
    writer.varint(answers.unique)
  }
  writer.bytes(intent)
  return writer.view()
}

/** Throws FormatError. */
export function decodeJournalRecord(bytes: Uint8Array, content: Uint8Array): JournalRecord {
  const reader = new ByteReader(bytes, 'journal record')
  reader.version()
  const number = reader.varint()
  const grantSeq = reader.varint()
  const seen = readSeen(reader)
  const flags = reader.u8()
  if (flags > 1) throw reader.damaged(`flags ${flags}`)
  const answers: AnsweredRequest | undefined =
    flags === 1 ? { mount: reader.uuid(), unique: reader.varint() } : undefined
  return { number, grantSeq, seen, answers, intent: reader.bytes(reader.left), content }
}

function readSeen(reader: ByteReader): Seen {
  const names: Seen['names'][number][] = []
  for (let left = reader.varint(); left > 0; left--)
    names.push({ parent: reader.varint(), name: reader.name(), ino: reader.varint() })
  const inodes: Seen['inodes'][number][] = []
  for (let left = reader.varint(); left > 0; left--)
    inodes.push({ ino: reader.varint(), ctime: readTime(reader) })
  return { names, inodes }
}

function readTime(reader: ByteReader): Timespec {
  return { sec: reader.zigzag(), nsec: reader.varint() }
}
