// A copy of one volume in an LMDB environment of its own: what a replica holds of a volume that is too
// large for memory, or should still be there after a restart. One process has it at a time.
//
// Nothing is synced: the copy can be loaded again, and what was written survives the end of the process,
// though not that of the machine. Who keeps it for longer calls `sync` (copy-folder.ts).

import { closeSync, fsyncSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import type { Head } from '../volume/head.js'
import { encodeHead } from '../volume/head-codec.js'
import { type Key, RecordKind, type Uuid, type VolumeRecord } from '../volume/record.js'
import { tryLockFile } from './data-file.js'
import { idBytes, recordKey } from './lmdb-keys.js'
import { type ByteDatabase, LmdbTables } from './lmdb-tables.js'
import { LmdbWriter } from './lmdb-writer.js'
import type { WritableTables } from './tables.js'

/** Address space, not memory or disk. */
const mapBytes = 64 * 2 ** 30
const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const

export class DiskTables extends LmdbTables implements WritableTables {
  readonly directory: string
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #records: ByteDatabase
  readonly #writer: LmdbWriter
  readonly #headKey: Buffer

  /** Opens what is in `directory`, or makes it. Throws what LMDB throws. */
  constructor(directory: string, volume: Uuid) {
    tryLockFile(join(directory, 'lock.mdb'))
    const root = open<Buffer, Buffer>({
      path: directory,
      noSubdir: false,
      mapSize: mapBytes,
      maxDbs: 2,
      noSync: true,
      overlappingSync: false,
      eventTurnBatching: false,
      ...bytes,
    })
    const openDb = (name: string) => root.openDB<Buffer, Buffer>({ name, ...bytes })
    const [records, links] = [openDb('records'), openDb('links')]
    const prefix = idBytes(volume)
    const headKey = recordKey(prefix, RecordKind.head, 0, '')
    const start = recordKey(prefix, RecordKind.dirent, 0, '')
    const end = recordKey(prefix, RecordKind.inode + 1, 0, '')
    const count = () => records.getKeysCount({ start, end })
    super({ records, links, count, refresh: () => root.resetReadTxn() }, volume)
    this.directory = directory
    this.#root = root
    this.#records = records
    this.#writer = new LmdbWriter(records, links, prefix)
    this.#headKey = headKey
  }

  apply(puts: readonly VolumeRecord[], deletes: readonly Key[], head: Head): void {
    this.#write(() => {
      this.#writer.write(puts, deletes)
      this.#records.put(this.#headKey, encodeHead(head) as Buffer)
    })
  }

  load(records: readonly VolumeRecord[]): void {
    this.#write(() => {
      this.#writer.write(records, [])
    })
  }

  /** Everything written so far survives the end of the machine. */
  sync(): void {
    const fd = openSync(join(this.directory, 'data.mdb'), 'r+')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  }

  close(): Promise<void> {
    return this.#root.close()
  }

  #write(run: () => void): void {
    this.#root.transactionSync(run)
    this.#root.resetReadTxn()
  }
}
