// One copy on disk that cannot fail its reader: where the disk takes no more, what it holds is taken
// into memory, and it goes on from there.

import { statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Head } from '../volume/head.js'
import type { Name } from '../volume/name.js'
import type { Key, RecordKind, Uuid, VolumeRecord } from '../volume/record.js'
import { fileSumAsync } from './data-file.js'
import { DiskTables } from './disk-tables.js'
import { isFromLmdb } from './lmdb-error.js'
import { MemoryTables } from './memory-tables.js'
import type { WritableTables } from './tables.js'

const pageRecords = 1000

export interface CopyOnDiskOptions {
  readonly directory: string
  readonly name: string
  readonly volume: Uuid
  /** It is in memory from now on. */
  readonly onBroken: (error: unknown) => void
}

export class CopyOnDisk implements WritableTables {
  readonly name: string
  readonly #options: CopyOnDiskOptions
  readonly #disk: DiskTables
  #memory: MemoryTables | undefined
  #isClosed = false

  constructor(options: CopyOnDiskOptions) {
    this.name = options.name
    this.#options = options
    this.#disk = new DiskTables(options.directory, options.volume)
  }

  /** What is on disk is not all of it any more. */
  get isBroken(): boolean {
    return this.#memory !== undefined
  }

  head(): Head | undefined {
    return this.#tables.head()
  }

  get(kind: RecordKind, parent: number, name: Name): Uint8Array | undefined {
    return this.#tables.get(kind, parent, name)
  }

  list(parent: number, after: Name | undefined, limit: number): VolumeRecord[] {
    return this.#tables.list(parent, after, limit)
  }

  names(ino: number): { parent: number; name: Name }[] {
    return this.#tables.names(ino)
  }

  highestIno(): number {
    return this.#tables.highestIno()
  }

  count(): number {
    return this.#tables.count()
  }

  apply(puts: readonly VolumeRecord[], deletes: readonly Key[], head: Head): void {
    this.#write((tables) => tables.apply(puts, deletes, head))
  }

  load(records: readonly VolumeRecord[]): void {
    this.#write((tables) => tables.load(records))
  }

  /** Length of the data file. */
  get fileBytes(): number {
    return statSync(join(this.#options.directory, 'data.mdb')).size
  }

  /** Of the data file. */
  fileSum(): Promise<number> {
    return fileSumAsync(join(this.#options.directory, 'data.mdb'))
  }

  sync(): void {
    this.#disk.sync()
  }

  /** Reads throw from now on, and what is written is dropped: LMDB must not be called any more. */
  close(): Promise<void> {
    this.#isClosed = true
    return this.#disk.close()
  }

  async discard(): Promise<void> {
    await this.close()
    await rm(this.#options.directory, { recursive: true, force: true })
  }

  get #tables(): WritableTables {
    if (this.#isClosed) throw new Error('this copy of the volume is closed')
    return this.#memory ?? this.#disk
  }

  #write(run: (tables: WritableTables) => void): void {
    if (this.#isClosed) return
    try {
      run(this.#memory ?? this.#disk)
    } catch (error) {
      // A record that cannot be read is no fault of the disk.
      if (this.#memory || !isFromLmdb(error)) throw error
      // Nothing of it was done.
      this.#memory = inMemory(this.#disk)
      this.#options.onBroken(error)
      run(this.#memory)
    }
  }
}

function inMemory(disk: DiskTables): MemoryTables {
  const memory = new MemoryTables()
  let after: Key | undefined
  for (;;) {
    const records = disk.scan(after, pageRecords)
    memory.load(records)
    if (records.length < pageRecords) break
    after = records.at(-1)
  }
  const head = disk.head()
  if (head) memory.apply([], [], head)
  return memory
}
