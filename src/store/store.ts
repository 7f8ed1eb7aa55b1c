// The one interface between CassFS and what keeps its data. An engine has no idea what a rename is: it
// appends an entry to a volume's log if the sequence number still is what the caller saw, keeps the
// records that the entry writes, and stores blocks. Everything is asynchronous but `tables`.
//
// Three results are kept apart everywhere: found (a value), absent (undefined), unknown (a thrown
// StoreUnavailable, or the outcome `unknown`): a failed query is never "absent".

import type { BlockRow, Trail } from '../tables/block-ledger.js'
import type { Tables } from '../tables/tables.js'
import { type Head, VolumeState } from '../volume/head.js'
import type { Hash } from '../volume/inode.js'
import { EntryKind, type LogEntry } from '../volume/log-entry.js'
import type { Key, Uuid, VolumeRecord } from '../volume/record.js'

/** The store did not answer, or answered with a failure: nothing is known about what was asked. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** What the store holds is not what this version can work with (foreign schema, damage). */
export class StoreUnusable extends Error {
  override readonly name = 'StoreUnusable'
}

/** What an embedded store keeps on disk is damaged: nothing was opened, nothing changed. */
export class StoreDamaged extends StoreUnusable {}

/** One attempt to append `entry` behind `expect`. Sent again unchanged until the outcome is known. */
export interface Commit {
  readonly volume: Uuid
  readonly owner: Uuid
  /** What the head must still be: seq, request id, and state live (or loading for a void). */
  readonly expect: { readonly seq: number; readonly request: Uuid }
  /** `entry.seq` is `expect.seq + 1`; `entry.head` becomes the head; puts and deletes are carried out. */
  readonly entry: LogEntry
  /** Hashes that records begin to name by this entry, each as often as it is newly named. */
  readonly begins: readonly Hash[]
  /** Hashes that records cease to name by it. */
  readonly ceases: readonly Hash[]
  /** Changes in it were answered already: on a full disk it gets what is kept for them. */
  readonly isAnswered?: boolean
}

export interface PutOptions {
  /** As Commit.isAnswered: changes that name the blocks were answered already. */
  readonly isAnswered?: boolean
}

/**
 * The condition of a commit, for engines that check it in their own transaction. Throws RangeError for
 * an entry that does not continue what it expects.
 */
export function isExpected(head: Head, commit: Commit): boolean {
  const { expect, entry } = commit
  if (entry.seq !== expect.seq + 1 || entry.previousRequest !== expect.request)
    throw new RangeError(`entry ${entry.seq} does not continue ${expect.seq} ${expect.request}`)
  if (head.seq !== expect.seq || head.request !== expect.request) return false
  if (head.state === VolumeState.live) return true
  return head.state === VolumeState.loading && entry.kind === EntryKind.void
}

export type CommitOutcome =
  /** The entry is in the log. */
  | { readonly kind: 'applied' }
  /**
   * The head was not as expected; nothing was done by *this* attempt. `head` is the present one as
   * far as the answer tells (seq and request are always true), undefined where no head row exists:
   * no volume, never an empty one.
   */
  | { readonly kind: 'refused'; readonly head: Pick<Head, 'seq' | 'request' | 'state'> | undefined }
  /** Blocks that the entry begins to name are not there (embedded engine): upload them again. */
  | { readonly kind: 'missing'; readonly hashes: readonly Hash[] }
  /** Anything but an answer: it may have been applied, may be, or never will be. */
  | { readonly kind: 'unknown'; readonly cause: Error }

/** How a block's bytes are stored. Numbers as stored. */
export const BlockEncoding = { plain: 0, lz4: 1 } as const
export type BlockEncoding = (typeof BlockEncoding)[keyof typeof BlockEncoding]

export interface StoredBlock {
  readonly hash: Hash
  /** Length of the plain bytes. */
  readonly length: number
  readonly encoding: BlockEncoding
  readonly data: Uint8Array
  /**
   * The blocks that this one names, where it is a manifest: an engine that counts references counts
   * them while this block itself is named. Not returned by getBlocks.
   */
  readonly refs?: readonly Hash[]
}

export interface ScanPage {
  /** In key order: kind, parent, name. */
  readonly records: readonly VolumeRecord[]
  /** Where to go on (exclusive), or undefined at the end. */
  readonly after: Key | undefined
}

export interface OwnerEntry {
  readonly id: Uuid
  /** The first inode number that nobody has leased yet. */
  readonly nextIno: number
}

export interface EnvironmentEntry {
  readonly volume: Uuid
  readonly state: number
  /** Data centre whose coordinators order this volume; empty on engines without. */
  readonly homeDataCenter: string
  /** Milliseconds since 1970. */
  readonly createdMs: number
}

/** Whether an owner's entry is what a compare-and-set expects. */
export function isSameOwner(a: OwnerEntry | undefined, b: OwnerEntry | undefined): boolean {
  return a?.id === b?.id && a?.nextIno === b?.nextIno
}

/** Whether an environment's entry is what a compare-and-set expects. */
export function isSameEnvironment(
  a: EnvironmentEntry | undefined,
  b: EnvironmentEntry | undefined,
): boolean {
  if (a?.volume !== b?.volume || a?.state !== b?.state) return false
  return a?.homeDataCenter === b?.homeDataCenter && a?.createdMs === b?.createdMs
}

export type CasOutcome<T> =
  | { readonly kind: 'applied' }
  /** `present` is what stands there instead. */
  | { readonly kind: 'refused'; readonly present: T | undefined }
  | { readonly kind: 'unknown'; readonly cause: Error }

/** Something held for a time: the gc of an owner, a process' session on a volume. */
export interface Lease {
  /** `gc/<owner id>`, `session/<volume>/<process id>`, ... */
  readonly key: string
  readonly holder: Uuid
  /** Free text of the holder: for a session JSON with seq followed, pinned hashes, address. */
  readonly value: string
}

/** What an embedded engine knows of a volume beside its records. */
export interface VolumeRow {
  readonly owner: Uuid
  /** How many dirents and inode records there are. */
  readonly count: number
  /** Seq of the oldest log entry that is kept (or of the next one), and the bytes of all. */
  readonly logFirst: number
  readonly logBytes: number
}

/** A row as it was found: undefined where it is absent, an Error where it cannot be read. */
export type Row<T> = T | Error | undefined

/**
 * All that an embedded engine keeps, as of one moment, for checks. Damage is no error here: a row that cannot
 * be read is an Error in its place, a value is bytes that nobody has looked at.
 */
export interface Snapshot {
  volumes(): Iterable<{ readonly volume: Uuid; readonly row: Row<VolumeRow> }>
  head(volume: Uuid): Row<Head>
  /** Dirents, inode records and journals, in key order. */
  records(volume: Uuid): Iterable<VolumeRecord>
  /** By ascending seq. */
  log(volume: Uuid): Iterable<{ readonly seq: number; readonly entry: Row<LogEntry> }>
  /** The index from inodes to dirents; undefined where the engine has none of its own to be checked. */
  links(volume: Uuid): Iterable<{ ino: number; parent: number; name: string }> | undefined
  ledger(owner: Uuid): Iterable<{ readonly hash: Hash; readonly row: Row<BlockRow> }>
  trails(): Iterable<Trail>
  block(owner: Uuid, hash: Hash): Row<StoredBlock>
  /** Without a look at its bytes. */
  hasBlock(owner: Uuid, hash: Hash): boolean
  /** The names of all blocks whose bytes are there. */
  blocks(owner: Uuid): Iterable<Hash>
  /** What is wrong with the file that all of it is in; tells how many pages were looked at. */
  fileFaults?(onPage: (count: number) => void): Iterable<string>
  /** Until then the engine keeps all of it, whatever is written meanwhile. */
  close(): void
}

/** What a process hears of others that have a volume open. */
export interface HintListener {
  /** The volume's log has perhaps come to `seq`: worth a look, and never to be believed. */
  hint(seq: number): void
  /** A hint could not be sent or received: everything goes on by polling. */
  failed(error: unknown): void
}

/** Word between the processes that have a volume open, quicker than polls. Any of it may be lost. */
export interface Hints {
  /** The volume's log has come to `seq`. Never throws, never waits. */
  tell(seq: number): void
  close(): void
}

export interface Store {
  readonly engine: 'memory' | 'lmdb' | 'cassandra'

  /**
   * The records of a volume, read synchronously, where the engine lives in this process (memory,
   * LMDB): the replica then needs no second copy. Undefined on Cassandra.
   */
  readonly tables: ((volume: Uuid) => Tables) | undefined

  /** Begins to send and hear hints about a volume; absent where the engine has none. May reject. */
  hints?(volume: Uuid, listener: HintListener): Promise<Hints>

  /** The newest head, completing a commit under way (LOCAL_SERIAL). Undefined: there is no such volume. */
  readHead(volume: Uuid): Promise<Head | undefined>
  /** A page of the records (kinds dirent, inode, journal) behind `after`; at most `limit`. */
  scan(volume: Uuid, after: Key | undefined, limit: number): Promise<ScanPage>
  /** One directory's entries behind `after` (a name), in order; at most `limit`. */
  scanDirectory(
    volume: Uuid,
    parent: number,
    after: string | undefined,
    limit: number,
  ): Promise<ScanPage>
  /**
   * Entries with seq > `after` as far as they can be seen now, ascending, at most `limit`. There may
   * be gaps (a quorum read can show N+2 before N+1; old entries expire): the caller looks.
   */
  readLog(volume: Uuid, after: number, limit: number): Promise<LogEntry[]>
  /**
   * Throws FsError ENOSPC where the disk is full (embedded engine): then certainly nothing was done.
   */
  commit(commit: Commit): Promise<CommitOutcome>
  /**
   * Writes all records of a volume that nothing has touched (fresh id), then its head. May be given
   * up half-way: the volume then has no head, so it does not exist.
   */
  firstLoad(
    volume: Uuid,
    owner: Uuid,
    records: AsyncIterable<readonly VolumeRecord[]> | Iterable<readonly VolumeRecord[]>,
    head: Head,
  ): Promise<void>

  /**
   * Stores blocks; one that is there already may be left as it is (its age is renewed). Throws FsError
   * ENOSPC where the disk is full.
   */
  putBlocks(owner: Uuid, blocks: readonly StoredBlock[], options?: PutOptions): Promise<void>
  /** In the order asked for; undefined = certainly absent. Not verified: the reader does that. */
  getBlocks(owner: Uuid, hashes: readonly Hash[]): Promise<(StoredBlock | undefined)[]>
  /** Lengths of their plain bytes, as stored with them; undefined = certainly absent. Reads no bytes. */
  blockLengths(owner: Uuid, hashes: readonly Hash[]): Promise<(number | undefined)[]>
  /** Synchronous read of one block where the engine lives in this process. */
  getBlockSync?(owner: Uuid, hash: Hash): StoredBlock | undefined
  /** Hashes behind `after` in the engine's own order, with the time of their upload. */
  listBlocks(
    owner: Uuid,
    after: Hash | undefined,
    limit: number,
  ): Promise<{ hash: Hash; uploadedMs: number }[]>
  /** Deletes blocks unless uploaded again after `uploadedBeforeMs`. */
  deleteBlocks(owner: Uuid, hashes: readonly Hash[], uploadedBeforeMs: number): Promise<void>

  readOwner(owner: string): Promise<OwnerEntry | undefined>
  compareAndSetOwner(
    owner: string,
    expect: OwnerEntry | undefined,
    next: OwnerEntry,
  ): Promise<CasOutcome<OwnerEntry>>
  readEnvironment(owner: string, environment: string): Promise<EnvironmentEntry | undefined>
  listEnvironments(owner: string): Promise<(EnvironmentEntry & { environment: string })[]>
  /** `next` undefined removes the entry. */
  compareAndSetEnvironment(
    owner: string,
    environment: string,
    expect: EnvironmentEntry | undefined,
    next: EnvironmentEntry | undefined,
  ): Promise<CasOutcome<EnvironmentEntry>>

  /** Takes or renews a lease for `ttlMs`; `held` false names who has it. */
  acquireLease(lease: Lease, ttlMs: number): Promise<{ held: boolean; holder: Uuid }>
  releaseLease(key: string, holder: Uuid): Promise<void>
  /** The live leases whose key begins with `prefix`. */
  listLeases(prefix: string): Promise<Lease[]>

  /** Where the engine lives in this process. Close it soon: what is freed meanwhile is not used again. */
  snapshot?(): Snapshot

  /** Bytes free and in all where the data lie, for statfs; undefined where that has no meaning. */
  space(): Promise<{ totalBytes: number; freeBytes: number } | undefined>
  /**
   * Bytes of the disk that are kept for what was answered before it is stored (`isAnswered`), whoever fills
   * the disk meanwhile. Asking has more kept, soon, where there is room. Undefined: the data lie elsewhere.
   */
  keptForAnswered?(): number
  /** The store's clock, milliseconds since 1970. */
  clockMs(): Promise<number>
  close(): Promise<void>
}
