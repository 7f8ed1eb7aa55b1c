// A volume's records in LMDB, read synchronously in place: what a replica on the embedded engine reads
// instead of a copy of its own. Only reads; records are written by store/lmdb in its transactions.
//
// lmdb-js gives all reads of one turn of the event loop the snapshot of the first one; `refresh`
// begins a new one. Nothing here holds a snapshot across an `await`.

import type { Database } from 'lmdb'
import type { Head } from '../volume/head.js'
import { decodeHead } from '../volume/head-codec.js'
import type { Name } from '../volume/name.js'
import { type Key, RecordKind, type Uuid, type VolumeRecord } from '../volume/record.js'
import { idBytes, inoOfLink, linkKey, ownKey, ownLink, ownName, recordKey } from './lmdb-keys.js'
import type { Tables } from './tables.js'

/** A sub-database whose keys and values are bytes. */
export type ByteDatabase = Database<Buffer, Buffer>

export interface LmdbTablesSource {
  /** Values by recordKey. */
  readonly records: ByteDatabase
  /** Empty values by linkKey. */
  readonly links: ByteDatabase
  /** How many dirents and inode records a volume has, as of the same snapshot. */
  count(volume: Buffer): number
  /** Makes the next read begin a new snapshot. */
  refresh(): void
}

export class LmdbTables implements Tables {
  readonly #source: LmdbTablesSource
  readonly #prefix: Buffer
  readonly #headKey: Buffer
  #head: Head | undefined
  #headBytes: Buffer = Buffer.alloc(0)

  constructor(source: LmdbTablesSource, volume: Uuid) {
    this.#source = source
    this.#prefix = idBytes(volume)
    this.#headKey = recordKey(this.#prefix, RecordKind.head, 0, '')
  }

  refresh(): void {
    this.#source.refresh()
  }

  /** The same object as before while the head has not changed. */
  head(): Head | undefined {
    // Asked for several times for each change: in memory that the next read uses again, and longer.
    const bytes = this.#source.records.getBinaryFast(this.#headKey)
    if (!bytes) return undefined
    const { length } = bytes
    const known = this.#headBytes
    if (known.length !== length || known.compare(bytes, 0, length) !== 0) {
      this.#headBytes = Buffer.from(bytes.subarray(0, length))
      this.#head = decodeHead(this.#headBytes)
    }
    return this.#head
  }

  get(kind: RecordKind, parent: number, name: Name): Uint8Array | undefined {
    return this.#source.records.getBinary(recordKey(this.#prefix, kind, parent, name))
  }

  list(parent: number, after: Name | undefined, limit: number): VolumeRecord[] {
    const kind = RecordKind.dirent
    const start = recordKey(this.#prefix, kind, parent, after === undefined ? '' : `${after}\0`)
    const end = recordKey(this.#prefix, kind, parent + 1, '')
    const found: VolumeRecord[] = []
    for (const { key, value } of this.#source.records.getRange({ start, end, limit }))
      found.push({ kind, parent, name: ownName(key), value })
    return found
  }

  names(ino: number): { parent: number; name: Name }[] {
    const start = linkKey(this.#prefix, ino, 0, '')
    const end = linkKey(this.#prefix, ino + 1, 0, '')
    return [...this.#source.links.getKeys({ start, end })].map(ownLink)
  }

  highestIno(): number {
    const start = linkKey(this.#prefix, Number.MAX_SAFE_INTEGER, 0, '')
    const end = linkKey(this.#prefix, 0, 0, '')
    const [last] = this.#source.links.getKeys({ start, end, reverse: true, limit: 1 })
    return last ? inoOfLink(last) : 0
  }

  count(): number {
    return this.#source.count(this.#prefix)
  }

  /** Dirents, inode records and journals in key order behind `after`, at most `limit`. */
  scan(after: Key | undefined, limit: number): VolumeRecord[] {
    const { kind, parent, name } = after ?? { kind: RecordKind.dirent, parent: 0, name: '' }
    const start = recordKey(this.#prefix, kind, parent, after ? `${name}\0` : '')
    const end = recordKey(this.#prefix, RecordKind.journal + 1, 0, '')
    const found: VolumeRecord[] = []
    for (const { key, value } of this.#source.records.getRange({ start, end, limit }))
      found.push({ ...ownKey(key), value })
    return found
  }
}
