// Writes to one volume within a write transaction: records with their index and count, entries with
// the trimming of the log.

import { idBytes, recordKey } from '../../tables/lmdb-keys.js'
import { LmdbWriter } from '../../tables/lmdb-writer.js'
import type { Head } from '../../volume/head.js'
import { decodeHead, encodeHead } from '../../volume/head-codec.js'
import { type Key, RecordKind, type Uuid, type VolumeRecord } from '../../volume/record.js'
import type { VolumeRow } from '../store.js'
import type { Environment } from './environment.js'
import { decodeVolumeRow, encodeVolumeRow } from './rows.js'

/** A log beyond this forgets its oldest entries, but for the newest 64. */
const logBytesMax = 64 * 2 ** 20
const logEntriesMin = 64
/** At most so many go with one commit. */
const trimsPerCommit = 8

export class VolumeWriter {
  readonly #environment: Environment
  readonly #prefix: Buffer
  readonly #headKey: Buffer
  readonly #writer: LmdbWriter

  constructor(environment: Environment, volume: Uuid) {
    this.#environment = environment
    this.#prefix = idBytes(volume)
    this.#headKey = recordKey(this.#prefix, RecordKind.head, 0, '')
    this.#writer = new LmdbWriter(environment.records, environment.links, this.#prefix)
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
    return this.#writer.write(puts, deletes)
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

  /** Forgets the entries up to `seq`. */
  forgetLog(seq: number): void {
    const row = this.row()
    if (!row) return
    let { logFirst, logBytes } = row
    while (logFirst <= seq) logBytes -= this.removeLog(logFirst++)
    this.setRow({ ...row, logFirst, logBytes })
  }

  #logKey(seq: number): Buffer {
    return recordKey(this.#prefix, RecordKind.log, seq, '')
  }
}
