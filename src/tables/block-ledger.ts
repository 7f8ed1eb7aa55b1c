// The books of an embedded engine about its blocks: how often each is named by records, and when one
// that is named no more may go. Pure rules over rows that an engine keeps (in memory, in LMDB) and
// changes in the same transaction as the records. Cassandra has no such books: there blocks are
// collected by mark and sweep.
//
// A block may still be read by a process that has not followed the log to the entry that ceased to
// name it. So every cease leaves a *trail* (volume, seq, block), which ends when every session of its
// volume has followed past its seq; every upload leaves one too, dated by time, which gives the uploader
// an hour to name the block, and ends when it is named. A block that nothing names is deleted with its
// last trail. Who uploaded it as well, and names it only then, is told that it is missing.

import type { Hash } from '../volume/inode.js'
import type { Uuid } from '../volume/record.js'
import { nilUuid } from '../volume/uuid.js'

/** How long an uploaded block is kept before a record names it. */
export const unnamedMsMax = 3_600_000
/** An upload of a block whose last trail of this kind is younger leaves no new one. */
const renewAfterMs = 60_000
const trailPageSize = 256

export interface BlockRow {
  /** How often records, and manifests that are named themselves, name it. */
  readonly count: number
  /** Trails that lead to it. */
  readonly trails: number
  /** Milliseconds since 1970. */
  readonly uploadedMs: number
  /** The blocks that this one, a manifest, names while it is named itself. */
  readonly refs: readonly Hash[]
}

export interface Trail {
  /** Where the block ceased to be named; `nilUuid` for an upload. */
  readonly volume: Uuid
  /** Seq of the entry, or milliseconds since 1970 for an upload. */
  readonly position: number
  readonly owner: Uuid
  readonly hash: Hash
}

/** What an engine keeps, in one transaction. */
export interface LedgerRows {
  block(owner: Uuid, hash: Hash): BlockRow | undefined
  /** Undefined deletes the row and the block's bytes. */
  setBlock(owner: Uuid, hash: Hash, row: BlockRow | undefined): void
  /** A trail that is there already stays one. True where it is new. */
  addTrail(trail: Trail): boolean
  hasTrail(trail: Trail): boolean
  removeTrail(trail: Trail): void
  /** Trails in the order (volume, position, owner, hash) behind `after`, at most `limit`. */
  trails(after: Trail | undefined, limit: number): Trail[]
}

/**
 * Blocks that would have to be there, were `begins` named now, and are not: also those that manifests
 * name which are not named themselves yet. (What is named has been looked at before.)
 */
export function missingBlocks(rows: LedgerRows, owner: Uuid, begins: readonly Hash[]): Hash[] {
  const seen = new Set(begins)
  const missing: Hash[] = []
  // A Set is iterated in the order of insertion, and what is added meanwhile comes along.
  for (const hash of seen) {
    const row = rows.block(owner, hash)
    if (!row) missing.push(hash)
    else if (row.count === 0) for (const ref of row.refs) seen.add(ref)
  }
  return missing
}

/** The entry that changes what is named. */
export interface NamingEntry {
  readonly volume: Uuid
  readonly seq: number
  readonly owner: Uuid
}

/**
 * Counts what one entry begins and ceases to name, and what manifests that come or go with it name;
 * `missingBlocks` came first. What stays named as often as before is not touched.
 */
export function countNames(
  rows: LedgerRows,
  entry: NamingEntry,
  begins: readonly Hash[],
  ceases: readonly Hash[],
): void {
  let net = new Map<Hash, number>()
  for (const hash of begins) addTo(net, hash, 1)
  for (const hash of ceases) addTo(net, hash, -1)
  while (net.size > 0) {
    const below = new Map<Hash, number>()
    for (const [hash, change] of net) {
      const row = recount(rows, entry, hash, change)
      const turned = row && Math.sign(row.count + change) - Math.sign(row.count)
      if (turned) for (const ref of row.refs) addTo(below, ref, turned)
    }
    net = below
  }
}

function addTo(net: Map<Hash, number>, hash: Hash, change: number): void {
  net.set(hash, (net.get(hash) ?? 0) + change)
}

/** Answers the row as it was, undefined where nothing changes. */
function recount(
  rows: LedgerRows,
  entry: NamingEntry,
  hash: Hash,
  change: number,
): BlockRow | undefined {
  if (change === 0) return undefined
  const { volume, seq, owner } = entry
  const row = rows.block(owner, hash)
  const count = (row?.count ?? 0) + change
  if (!row || count < 0) throw new RangeError(`block ${hash} would be named ${count} times`)
  const left = change < 0 && rows.addTrail({ volume, position: seq, owner, hash }) ? 1 : 0
  const ended = change > 0 && row.count === 0 && endUpload(rows, owner, hash, row) ? 1 : 0
  rows.setBlock(owner, hash, { ...row, count, trails: row.trails + left - ended })
  return row
}

/** The trail of the newest upload ends; older ones, of uploads in between, have their hour. */
function endUpload(rows: LedgerRows, owner: Uuid, hash: Hash, row: BlockRow): boolean {
  const trail = uploadTrail(owner, hash, row.uploadedMs)
  if (!rows.hasTrail(trail)) return false
  rows.removeTrail(trail)
  return true
}

function uploadTrail(owner: Uuid, hash: Hash, uploadedMs: number): Trail {
  return { volume: nilUuid, position: uploadedMs, owner, hash }
}

/** Books the upload of a block, which may be there already. */
export function noteUpload(
  rows: LedgerRows,
  owner: Uuid,
  hash: Hash,
  refs: readonly Hash[],
  nowMs: number,
): void {
  const row = rows.block(owner, hash)
  if (row && nowMs - row.uploadedMs < renewAfterMs) {
    const isKept = row.count > 0 || rows.hasTrail(uploadTrail(owner, hash, row.uploadedMs))
    if (isKept) return
  }
  const isNew = rows.addTrail(uploadTrail(owner, hash, nowMs))
  const { count, trails } = row ?? { count: 0, trails: 0 }
  const next = { count, trails: trails + (isNew ? 1 : 0), uploadedMs: nowMs }
  rows.setBlock(owner, hash, { ...next, refs: row?.refs ?? refs })
}

/**
 * Deletes blocks that nothing names and that were uploaded last before `beforeMs`, together with the
 * trails of their uploads: left behind, those would end the life of a later upload. A block that a
 * volume ceased to name has other trails as well, and may still be read: the sweep deletes it.
 */
export function deleteUnnamed(
  rows: LedgerRows,
  owner: Uuid,
  hashes: readonly Hash[],
  beforeMs: number,
): void {
  const uploads = uploadTrails(rows, owner, hashes)
  for (const [hash, trails] of uploads) {
    const row = rows.block(owner, hash)
    if (!row || row.count > 0 || row.uploadedMs >= beforeMs) continue
    if (row.trails > trails.length) continue
    for (const trail of trails) rows.removeTrail(trail)
    rows.setBlock(owner, hash, undefined)
  }
}

function uploadTrails(rows: LedgerRows, owner: Uuid, hashes: readonly Hash[]): Map<Hash, Trail[]> {
  const found = new Map<Hash, Trail[]>(hashes.map((hash) => [hash, []]))
  let after: Trail | undefined
  for (;;) {
    const page = rows.trails(after, trailPageSize)
    for (const trail of page) {
      // Those of uploads come first: their volume is nil.
      if (trail.volume !== nilUuid) return found
      if (trail.owner === owner) found.get(trail.hash)?.push(trail)
      after = trail
    }
    if (page.length < trailPageSize) return found
  }
}
