// The value of a journal record: the number of the journal's last committed change, written in the batch
// that commits it, so that a change is never carried out twice.

import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { formatVersion } from './format-error.js'

const writer = new ByteWriter()

export function encodeJournalNumber(number: number): Uint8Array {
  writer.reset().u8(formatVersion)
  writer.varint(number)
  return writer.take()
}

/** Throws FormatError. */
export function decodeJournalNumber(value: Uint8Array): number {
  const reader = new ByteReader(value, 'journal record')
  reader.version()
  const number = reader.varint()
  reader.end()
  return number
}
