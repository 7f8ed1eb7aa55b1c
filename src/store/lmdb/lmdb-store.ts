// The embedded engine: everything in one LMDB environment in one directory. A commit is one write
// transaction; reads are synchronous underneath. Several processes of the machine may have it open.

import { statfs } from 'node:fs/promises'
import { deleteUnnamed, type LedgerRows, noteUpload } from '../../tables/block-ledger.js'
import { idBytes, recordKey } from '../../tables/lmdb-keys.js'
import { LmdbTables, type LmdbTablesSource } from '../../tables/lmdb-tables.js'
import type { Tables } from '../../tables/tables.js'
import type { Head } from '../../volume/head.js'
import type { Hash } from '../../volume/inode.js'
import type { LogEntry } from '../../volume/log-entry.js'
import { decodeLogEntry } from '../../volume/log-entry-codec.js'
import { type Key, RecordKind, type Uuid, type VolumeRecord } from '../../volume/record.js'
import {
  type Commit,
  type CommitOutcome,
  type EnvironmentEntry,
  type HintListener,
  type Hints,
  type Lease,
  type OwnerEntry,
  type PutOptions,
  type ScanPage,
  type Snapshot,
  type Store,
  type StoredBlock,
  StoreUnavailable,
} from '../store.js'
import { commit, firstLoad } from './commit.js'
import { rowBytes } from './disk-reserve.js'
import { type Environment, openEnvironment } from './environment.js'
import type { HintSocket } from './hint-socket.js'
import { createLedgerRows } from './ledger-rows.js'
import type { LmdbOptions } from './lmdb-options.js'
import { Registry } from './registry.js'
import {
  blockHash,
  blockKey,
  decodeBlock,
  decodeBlockRow,
  decodeVolumeRow,
  encodeBlock,
} from './rows.js'
import { openSnapshot } from './snapshot.js'
import { Sweeper } from './sweeper.js'
import { VolumeWriter } from './volume-writer.js'

export type { LmdbOptions } from './lmdb-options.js'

/** Throws StoreUnusable for a directory that is not, or not yet, one of this CassFS; FsError ENOSPC. */
export async function openLmdbStore(options: LmdbOptions): Promise<LmdbStore> {
  const environment = await openEnvironment(options.directory, options.syncTimeoutMs ?? 10_000)
  return new LmdbStore(environment, options)
}

export class LmdbStore implements Store {
  readonly engine = 'lmdb'
  readonly #environment: Environment
  readonly #rows: LedgerRows
  readonly #registry: Registry
  readonly #sweeper: Sweeper
  readonly #nowMs: () => number
  readonly #source: LmdbTablesSource
  #hintSocket: Promise<HintSocket> | undefined
  #closed = false

  constructor(environment: Environment, options: LmdbOptions) {
    const { nowMs = Date.now, onError = () => {}, housekeeping = true } = options
    this.#environment = environment
    this.#nowMs = nowMs
    this.#rows = createLedgerRows(environment)
    this.#registry = new Registry(environment, nowMs)
    this.#sweeper = new Sweeper(environment, this.#rows, this.#registry, nowMs, onError)
    if (housekeeping) this.#sweeper.start()
    const { records, links, volumes } = environment
    this.#source = {
      records,
      links,
      count(volume) {
        const row = volumes.getBinary(volume)
        return row ? decodeVolumeRow(row).count : 0
      },
      refresh: () => environment.refresh(),
    }
  }

  readonly tables = (volume: Uuid): Tables => new LmdbTables(this.#source, volume)
  readonly keptForAnswered = (): number => this.#environment.reserve.forAnswered()

  async hints(volume: Uuid, listener: HintListener): Promise<Hints> {
    // Who opens no volume for long needs none of it.
    this.#hintSocket ??= import('./hint-socket.js').then(
      ({ HintSocket }) => new HintSocket(this.#environment.directory),
    )
    const socket = await this.#hintSocket
    if (this.#closed) throw new StoreUnavailable('the embedded store is closed')
    return socket.join(volume, listener)
  }

  async readHead(volume: Uuid): Promise<Head | undefined> {
    return this.#fresh(volume).head()
  }

  async scan(volume: Uuid, after: Key | undefined, limit: number): Promise<ScanPage> {
    return page(this.#fresh(volume).scan(after, limit), limit)
  }

  async scanDirectory(
    volume: Uuid,
    parent: number,
    after: string | undefined,
    limit: number,
  ): Promise<ScanPage> {
    return page(this.#fresh(volume).list(parent, after, limit), limit)
  }

  async readLog(volume: Uuid, after: number, limit: number): Promise<LogEntry[]> {
    this.#refresh()
    const prefix = idBytes(volume)
    const start = recordKey(prefix, RecordKind.log, after + 1, '')
    const end = recordKey(prefix, RecordKind.log + 1, 0, '')
    const entries: LogEntry[] = []
    for (const { value } of this.#environment.records.getRange({ start, end, limit }))
      entries.push(decodeLogEntry(value))
    return entries
  }

  async commit(change: Commit): Promise<CommitOutcome> {
    try {
      this.#refresh()
      return await commit(this.#environment, this.#rows, change, this.#nowMs())
    } catch (error) {
      if (error instanceof StoreUnavailable) return { kind: 'unknown', cause: error }
      throw error
    }
  }

  async firstLoad(
    volume: Uuid,
    owner: Uuid,
    records: AsyncIterable<readonly VolumeRecord[]> | Iterable<readonly VolumeRecord[]>,
    head: Head,
  ): Promise<void> {
    this.#refresh()
    const load = { volume, owner, head, nowMs: this.#nowMs }
    await firstLoad(this.#environment, this.#rows, load, records)
  }

  async putBlocks(
    owner: Uuid,
    blocks: readonly StoredBlock[],
    { isAnswered: urgent = false }: PutOptions = {},
  ): Promise<void> {
    this.#refresh()
    const encoded = blocks.map((block) => ({ block, bytes: encodeBlock(block) as Buffer }))
    const put = () => {
      for (const { block, bytes } of encoded) {
        const key = blockKey(owner, block.hash)
        if (!this.#environment.ledger.doesExist(key)) this.#environment.blocks.put(key, bytes)
        noteUpload(this.#rows, owner, block.hash, block.refs ?? [], this.#nowMs())
      }
    }
    const bytes = encoded.reduce((sum, { bytes: { length } }) => sum + length + rowBytes, 0)
    await this.#environment.writeOrFull(put, { urgent, bytes, isLarge: true })
  }

  /** Pages that are not in memory are read by another thread first. */
  async getBlocks(owner: Uuid, hashes: readonly Hash[]): Promise<(StoredBlock | undefined)[]> {
    this.#refresh()
    await this.#environment.blocks.prefetch(hashes.map((hash) => blockKey(owner, hash)))
    this.#refresh()
    return hashes.map((hash) => this.getBlockSync(owner, hash))
  }

  async blockLengths(owner: Uuid, hashes: readonly Hash[]): Promise<(number | undefined)[]> {
    this.#refresh()
    return hashes.map((hash) => {
      // Used before the next read uses its memory again.
      const bytes = this.#environment.blocks.getBinaryFast(blockKey(owner, hash))
      return bytes && decodeBlock(hash, bytes).length
    })
  }

  /** As of the snapshot of this turn of the event loop, see Tables.refresh. */
  getBlockSync(owner: Uuid, hash: Hash): StoredBlock | undefined {
    const bytes = this.#environment.blocks.getBinary(blockKey(owner, hash))
    return bytes && decodeBlock(hash, bytes)
  }

  async listBlocks(
    owner: Uuid,
    after: Hash | undefined,
    limit: number,
  ): Promise<{ hash: Hash; uploadedMs: number }[]> {
    this.#refresh()
    const prefix = idBytes(owner)
    const start = after ? Buffer.concat([blockKey(owner, after), Buffer.of(0)]) : prefix
    const end = Buffer.concat([prefix, Buffer.alloc(33, 0xff)])
    const found: { hash: Hash; uploadedMs: number }[] = []
    for (const { key, value } of this.#environment.ledger.getRange({ start, end, limit }))
      found.push({ hash: blockHash(key), uploadedMs: decodeBlockRow(value).uploadedMs })
    return found
  }

  /** Blocks that records name, or that the sweep has to wait for, stay whatever the caller thinks. */
  async deleteBlocks(owner: Uuid, hashes: readonly Hash[], beforeMs: number): Promise<void> {
    this.#refresh()
    const remove = () => deleteUnnamed(this.#rows, owner, hashes, beforeMs)
    await this.#environment.write(remove, { urgent: true })
  }

  async readOwner(owner: string): Promise<OwnerEntry | undefined> {
    return this.#registry.owner(owner)
  }

  async compareAndSetOwner(owner: string, expect: OwnerEntry | undefined, next: OwnerEntry) {
    return this.#registry.swapOwner(owner, expect, next)
  }

  async readEnvironment(owner: string, environment: string): Promise<EnvironmentEntry | undefined> {
    return this.#registry.environment(owner, environment)
  }

  async listEnvironments(owner: string): Promise<(EnvironmentEntry & { environment: string })[]> {
    return this.#registry.environments(owner)
  }

  async compareAndSetEnvironment(
    owner: string,
    environment: string,
    expect: EnvironmentEntry | undefined,
    next: EnvironmentEntry | undefined,
  ) {
    return this.#registry.swapEnvironment(owner, environment, expect, next)
  }

  async acquireLease(lease: Lease, ttlMs: number): Promise<{ held: boolean; holder: Uuid }> {
    return this.#registry.acquire(lease, ttlMs)
  }

  async releaseLease(key: string, holder: Uuid): Promise<void> {
    await this.#registry.release(key, holder)
  }

  async listLeases(prefix: string): Promise<Lease[]> {
    return this.#registry.leases(prefix)
  }

  snapshot(): Snapshot {
    if (this.#closed) throw new StoreUnavailable('the embedded store is closed')
    return openSnapshot(this.#environment)
  }

  async space(): Promise<{ totalBytes: number; freeBytes: number }> {
    const { bsize, blocks, bavail } = await statfs(this.#environment.directory)
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
  }

  async clockMs(): Promise<number> {
    return this.#nowMs()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#hintSocket?.then(
      (socket) => socket.close(),
      () => {},
    )
    await this.#sweeper.stop()
    await this.#environment.close()
  }

  /** Deletes blocks that nobody needs any more, as happens every few seconds; answers how many. */
  sweep(): Promise<number> {
    return this.#sweeper.sweep()
  }

  /** Forgets a volume's log entries up to `seq`, as a log that grows too long does by itself. */
  async expireLog(volume: Uuid, seq: number): Promise<void> {
    const writer = new VolumeWriter(this.#environment, volume)
    await this.#environment.write(() => writer.forgetLog(seq), { urgent: true })
  }

  #fresh(volume: Uuid): LmdbTables {
    this.#refresh()
    return new LmdbTables(this.#source, volume)
  }

  #refresh(): void {
    if (this.#closed) throw new StoreUnavailable('the embedded store is closed')
    this.#environment.refresh()
  }
}

function page(records: VolumeRecord[], limit: number): ScanPage {
  const last = records.length < limit ? undefined : records.at(-1)
  if (!last) return { records, after: undefined }
  return { records, after: { kind: last.kind, parent: last.parent, name: last.name } }
}
