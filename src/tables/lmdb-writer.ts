// Writes a volume's records into LMDB, with the index from inodes to names; within a write transaction.

import { direntIno } from '../volume/inode-codec.js'
import { type Key, RecordKind, type VolumeRecord } from '../volume/record.js'
import { linkKey, recordKey } from './lmdb-keys.js'
import type { ByteDatabase } from './lmdb-tables.js'

const nothing = Buffer.alloc(0)

export class LmdbWriter {
  readonly #records: ByteDatabase
  readonly #links: ByteDatabase
  readonly #prefix: Buffer

  /** `prefix` is the volume's id, as in lmdb-keys.ts. */
  constructor(records: ByteDatabase, links: ByteDatabase, prefix: Buffer) {
    this.#records = records
    this.#links = links
    this.#prefix = prefix
  }

  /** Deletes before puts; answers by how many dirents and inode records there are more than before. */
  write(puts: readonly VolumeRecord[], deletes: readonly Key[]): number {
    let more = 0
    for (const key of deletes) more -= this.#delete(key)
    for (const record of puts) more += this.#put(record)
    return more
  }

  #put({ kind, parent, name, value }: VolumeRecord): number {
    const key = recordKey(this.#prefix, kind, parent, name)
    const before = this.#records.getBinary(key)
    this.#records.put(key, value as Buffer)
    if (kind === RecordKind.dirent) {
      const [ino, inoBefore] = [direntIno(value), before && direntIno(before)]
      if (ino === inoBefore) return 0
      if (inoBefore !== undefined)
        this.#links.remove(linkKey(this.#prefix, inoBefore, parent, name))
      this.#links.put(linkKey(this.#prefix, ino, parent, name), nothing)
    }
    return before || kind === RecordKind.journal ? 0 : 1
  }

  #delete({ kind, parent, name }: Key): number {
    const key = recordKey(this.#prefix, kind, parent, name)
    const before = this.#records.getBinary(key)
    if (!before) return 0
    this.#records.remove(key)
    if (kind === RecordKind.dirent)
      this.#links.remove(linkKey(this.#prefix, direntIno(before), parent, name))
    return kind === RecordKind.journal ? 0 : 1
  }
}
