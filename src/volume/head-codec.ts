// The head of a volume as bytes: the value of the head record on engines that keep it in one cell, and
// a part of every log entry. Byte for byte in docs/DATA_FORMAT.md.

import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { formatVersion } from './format-error.js'
import { type Head, VolumeState } from './head.js'

const hasLease = 1
const states = new Set<number>(Object.values(VolumeState))
const writer = new ByteWriter()

/** Throws FormatError for what the format cannot hold. */
export function encodeHead(head: Head): Uint8Array {
  writer.reset().u8(formatVersion)
  writer.u8(head.lease ? hasLease : 0)
  writer.u8(head.state)
  writer.varint(head.seq)
  writer.uuid(head.request)
  writer.varint(head.usedBytes)
  writer.varint(head.usedInodes)
  writer.varint(head.quotaBytes)
  writer.varint(head.quotaInodes)
  if (head.lease) {
    writer.uuid(head.lease.holder)
    writer.uuid(head.lease.journal)
    writer.varint(head.lease.grantSeq)
    writer.varint(head.lease.recallSeq)
  }
  return writer.take()
}

/** Throws FormatError. */
export function decodeHead(value: Uint8Array): Head {
  const reader = new ByteReader(value, 'head')
  reader.version()
  const flags = reader.u8()
  if (flags & ~hasLease) throw reader.damaged(`flags 0x${flags.toString(16)} are not known`)
  const state = reader.u8()
  if (!states.has(state)) throw reader.damaged(`state ${state} is not known`)
  const head: Head = {
    seq: reader.varint(),
    request: reader.uuid(),
    state: state as VolumeState,
    usedBytes: reader.varint(),
    usedInodes: reader.varint(),
    quotaBytes: reader.varint(),
    quotaInodes: reader.varint(),
  }
  const lease = flags & hasLease ? readLease(reader) : undefined
  reader.end()
  return lease ? { ...head, lease } : head
}

/** The seq of an encoded head, without decoding the rest: what a replica compares at every tick. */
export function headSeq(value: Uint8Array): number {
  const reader = new ByteReader(value, 'head')
  reader.version()
  reader.u16()
  return reader.varint()
}

function readLease(reader: ByteReader): NonNullable<Head['lease']> {
  return {
    holder: reader.uuid(),
    journal: reader.uuid(),
    grantSeq: reader.varint(),
    recallSeq: reader.varint(),
  }
}
