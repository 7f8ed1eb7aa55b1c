// Writes to one volume within a write transaction: records with their index and count, entries with
// the trimming of the log.

import { idBytes, linkKey, recordKey } from '../../tables/lmdb-keys.js'
import type { Head } from '../../volume/head.js'
import { decodeHead, encodeHead } from '../../volume/head-codec.js'
import { direntIno } from '../../volume/inode-codec.js'
import { type Key, RecordKind, type Uuid, type VolumeRecord } from '../../volume/record.js'
import type { Environment } from './environment.js'
import { decodeVolumeRow, encodeVolumeRow, type VolumeRow } from './rows.js'

const nothing = Buffer.alloc(0)
/** A log beyond this forgets its oldest entries, but for the newest 64. */
const logBytesMax = 64 * 2 ** 20
const logEntriesMin = 64
/** At most so many go with one commit. */
const trimsPerCommit = 8

export class VolumeWriter {
  readonly #environment: Environment
  readonly #prefix: Buffer
  readonly #headKey: Buffer

  constructor(environment: Environment, volume: Uuid) {
    this.#environment = environment
    this.#prefix = idBytes(volume)
    this.#headKey = recordKey(this.#prefix, RecordKind.head, 0, '')
  }

  head(): Head | undefined {
    const bytes = this.#environment.records.getBinary(this.#headKey)
    return bytes && decodeHead(bytes)
  }

  setHead(head: Head): void {
    this.#environment.records.put(this.#headKey, encodeHead(head) as Buffer)
  }

  row(): VolumeRow | undefined {
    const bytes = this.#environment.volumes.getBinary(this.#prefix)
    return bytes && decodeVolumeRow(bytes)
  }

  setRow(row: VolumeRow | undefined): void {
    const { volumes } = this.#environment
    if (row) volumes.put(this.#prefix, encodeVolumeRow(row) as Buffer)
    else volumes.remove(this.#prefix)
  }

  /** Answers by how many dirents and inode records there are more than before. */
  write(puts: readonly VolumeRecord[], deletes: readonly Key[]): number {
    let more = 0
    for (const key of deletes) more -= this.#delete(key)
    for (const record of puts) more += this.#put(record)
    return more
  }

  /** Appends an entry's bytes and trims the log; answers the volume's row with the log's new extent. */
  appendLog(seq: number, bytes: Uint8Array, row: VolumeRow): VolumeRow {
    this.#environment.records.put(this.#logKey(seq), bytes as Buffer)
    let { logFirst, logBytes } = row
    logBytes += bytes.length
    for (let trims = 0; trims < trimsPerCommit; trims++) {
      if (logBytes <= logBytesMax || seq - logFirst < logEntriesMin) break
      logBytes -= this.removeLog(logFirst++)
    }
    return { ...row, logFirst, logBytes }
  }

  /** Answers the bytes that went. */
  removeLog(seq: number): number {
    const { records } = this.#environment
    const key = this.#logKey(seq)
    const length = records.getBinary(key)?.length ?? 0
    if (length > 0) records.remove(key)
    return length
  }

  #put(record: VolumeRecord): number {
    const { records, links } = this.#environment
    const { kind, parent, name, value } = record
    const key = recordKey(this.#prefix, kind, parent, name)
    const before = records.getBinary(key)
    records.put(key, value as Buffer)
    if (kind === RecordKind.dirent) {
      const [ino, inoBefore] = [direntIno(value), before && direntIno(before)]
      if (ino === inoBefore) return 0
      if (inoBefore !== undefined) links.remove(linkKey(this.#prefix, inoBefore, parent, name))
      links.put(linkKey(this.#prefix, ino, parent, name), nothing)
    }
    return before || kind === RecordKind.journal ? 0 : 1
  }

  #delete({ kind, parent, name }: Key): number {
    const { records, links } = this.#environment
    const key = recordKey(this.#prefix, kind, parent, name)
    const before = records.getBinary(key)
    if (!before) return 0
    records.remove(key)
    if (kind === RecordKind.dirent)
      links.remove(linkKey(this.#prefix, direntIno(before), parent, name))
    return kind === RecordKind.journal ? 0 : 1
  }

  #logKey(seq: number): Buffer {
    return recordKey(this.#prefix, RecordKind.log, seq, '')
  }
}
