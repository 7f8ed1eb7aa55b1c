// The engine that keeps everything in this process: for tests of the layers above, for simulations
// (several clients share one instance, each behind decorators of its own) and for `cassfs` on a scratch
// volume. Every method is atomic; nothing outlives the process.

import { Errno, FsError } from '../../posix/errno.js'
import { countNames, deleteUnnamed, missingBlocks, noteUpload } from '../../tables/block-ledger.js'
import type { Tables } from '../../tables/tables.js'
import { dueTrails, endTrails, parseSession } from '../../tables/trail-sweep.js'
import type { Head } from '../../volume/head.js'
import type { Hash } from '../../volume/inode.js'
import type { LogEntry } from '../../volume/log-entry.js'
import { encodeLogEntry } from '../../volume/log-entry-codec.js'
import type { Key, Uuid, VolumeRecord } from '../../volume/record.js'
import { recordHashes } from '../../volume/record-hashes.js'
import {
  type Commit,
  type CommitOutcome,
  type EnvironmentEntry,
  isExpected,
  type Lease,
  type OwnerEntry,
  type ScanPage,
  type Snapshot,
  type Store,
  type StoredBlock,
} from '../store.js'
import { MemoryBlocks } from './memory-blocks.js'
import { MemoryRegistry } from './memory-registry.js'
import { MemoryVolume } from './memory-volume.js'
import { takeSnapshot } from './take-snapshot.js'

const sweepEveryMs = 10_000
const sweepLimits = { seenMax: 100_000, dueMax: 10_000 }

export interface MemoryStoreOptions {
  /** Milliseconds since 1970; a simulation hands in its own. */
  readonly nowMs?: () => number
}

export class MemoryStore implements Store {
  readonly engine = 'memory'
  readonly #volumes = new Map<Uuid, MemoryVolume>()
  readonly #blocks = new MemoryBlocks()
  readonly #registry = new MemoryRegistry()
  readonly #nowMs: () => number
  #sweptMs = 0

  constructor(options: MemoryStoreOptions = {}) {
    this.#nowMs = options.nowMs ?? Date.now
  }

  readonly tables = (volume: Uuid): Tables => this.#volume(volume).tables

  async readHead(volume: Uuid): Promise<Head | undefined> {
    return this.#volumes.get(volume)?.tables.head()
  }

  async scan(volume: Uuid, after: Key | undefined, limit: number): Promise<ScanPage> {
    return page(this.#volumes.get(volume)?.tables.scan(after, limit) ?? [], limit)
  }

  async scanDirectory(
    volume: Uuid,
    parent: number,
    after: string | undefined,
    limit: number,
  ): Promise<ScanPage> {
    return page(this.#volumes.get(volume)?.tables.list(parent, after, limit) ?? [], limit)
  }

  async readLog(volume: Uuid, after: number, limit: number): Promise<LogEntry[]> {
    return this.#volumes.get(volume)?.readLog(after, limit) ?? []
  }

  async commit(commit: Commit): Promise<CommitOutcome> {
    const volume = this.#volumes.get(commit.volume)
    const head = volume?.tables.head()
    if (!volume || !head) return { kind: 'refused', head: undefined }
    if (!isExpected(head, commit)) return { kind: 'refused', head }
    const missing = missingBlocks(this.#blocks, commit.owner, commit.begins)
    if (missing.length > 0) return { kind: 'missing', hashes: missing }
    const { entry, owner } = commit
    const bytes = encodeLogEntry(entry)
    const naming = { volume: commit.volume, seq: entry.seq, owner }
    countNames(this.#blocks, naming, commit.begins, commit.ceases)
    volume.append(entry, bytes)
    if (this.#nowMs() - this.#sweptMs > sweepEveryMs) this.sweep()
    return { kind: 'applied' }
  }

  async firstLoad(
    volume: Uuid,
    owner: Uuid,
    records: AsyncIterable<readonly VolumeRecord[]> | Iterable<readonly VolumeRecord[]>,
    head: Head,
  ): Promise<void> {
    const loading = this.#volume(volume)
    if (loading.tables.head()) throw new FsError(Errno.EEXIST, `volume ${volume} is there already`)
    loading.tables.clear()
    const begins: Hash[] = []
    for await (const some of records) {
      loading.tables.load(some)
      begins.push(...some.flatMap(recordHashes))
    }
    const missing = missingBlocks(this.#blocks, owner, begins)
    if (missing.length > 0)
      throw new FsError(Errno.EIO, `${missing.length} blocks of the first load are not stored`)
    countNames(this.#blocks, { volume, seq: head.seq, owner }, begins, [])
    loading.owner = owner
    loading.tables.apply([], [], head)
  }

  async putBlocks(owner: Uuid, blocks: readonly StoredBlock[]): Promise<void> {
    const nowMs = this.#nowMs()
    for (const block of blocks) {
      this.#blocks.put(owner, block)
      noteUpload(this.#blocks, owner, block.hash, block.refs ?? [], nowMs)
    }
  }

  async getBlocks(owner: Uuid, hashes: readonly Hash[]): Promise<(StoredBlock | undefined)[]> {
    return hashes.map((hash) => this.#blocks.get(owner, hash))
  }

  async blockLengths(owner: Uuid, hashes: readonly Hash[]): Promise<(number | undefined)[]> {
    return hashes.map((hash) => this.#blocks.get(owner, hash)?.length)
  }

  getBlockSync(owner: Uuid, hash: Hash): StoredBlock | undefined {
    return this.#blocks.get(owner, hash)
  }

  async listBlocks(
    owner: Uuid,
    after: Hash | undefined,
    limit: number,
  ): Promise<{ hash: Hash; uploadedMs: number }[]> {
    const hashes = this.#blocks.list(owner, after, limit)
    return hashes.map((hash) => ({
      hash,
      uploadedMs: this.#blocks.block(owner, hash)?.uploadedMs ?? 0,
    }))
  }

  /** Blocks that records name, or that the sweep has to wait for, stay whatever the caller thinks. */
  async deleteBlocks(owner: Uuid, hashes: readonly Hash[], beforeMs: number): Promise<void> {
    deleteUnnamed(this.#blocks, owner, hashes, beforeMs)
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
    const nowMs = this.#nowMs()
    return this.#registry.acquire(lease, nowMs + ttlMs, nowMs)
  }

  async releaseLease(key: string, holder: Uuid): Promise<void> {
    this.#registry.release(key, holder)
  }

  async listLeases(prefix: string): Promise<Lease[]> {
    return this.#registry.leases(prefix, this.#nowMs())
  }

  snapshot(): Snapshot {
    return takeSnapshot(this.#volumes, this.#blocks)
  }

  async space(): Promise<undefined> {
    return undefined
  }

  async clockMs(): Promise<number> {
    return this.#nowMs()
  }

  /** Several clients may share the instance, so closing one keeps it. */
  async close(): Promise<void> {}

  /** Forgets a volume's log entries up to `seq`, as time does elsewhere. */
  expireLog(volume: Uuid, seq: number): void {
    this.#volumes.get(volume)?.expireLog(seq)
  }

  /** Deletes blocks that nobody needs any more; commits call it now and then. Answers how many. */
  sweep(): number {
    const nowMs = this.#nowMs()
    this.#sweptMs = nowMs
    const sessions = this.#registry.leases('session/', nowMs)
    const parsed = sessions.map(({ key, value }) => parseSession(key.split('/')[1] ?? '', value))
    const due = dueTrails(this.#blocks, parsed, nowMs, sweepLimits)
    return endTrails(this.#blocks, due.trails)
  }

  #volume(volume: Uuid): MemoryVolume {
    let found = this.#volumes.get(volume)
    if (!found) {
      found = new MemoryVolume()
      this.#volumes.set(volume, found)
    }
    return found
  }
}

/** An engine in memory. */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new MemoryStore(options)
}

function page(records: VolumeRecord[], limit: number): ScanPage {
  const last = records.length < limit ? undefined : records.at(-1)
  if (!last) return { records, after: undefined }
  return { records, after: { kind: last.kind, parent: last.parent, name: last.name } }
}
