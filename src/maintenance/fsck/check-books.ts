// The books of an embedded engine about an owner's blocks against what its volumes name: counts, the blocks that
// manifests name, trails, bytes. The books are one for all environments of an owner, so all are counted.

import { setTimeout as sleep } from 'node:timers/promises'
import { unpackBlock } from '../../content/block-codec.js'
import { decodeManifest, namedBy } from '../../content/manifest-codec.js'
import type { Snapshot } from '../../store/store.js'
import type { BlockRow } from '../../tables/block-ledger.js'
import type { Hash, Inode } from '../../volume/inode.js'
import { namedHashes } from '../../volume/inode.js'
import { decodeDirent, decodeInode } from '../../volume/inode-codec.js'
import { RecordKind, type Uuid, type VolumeRecord } from '../../volume/record.js'
import type { Report } from './finding.js'
import { addTo } from './tree-facts.js'

const turnRecords = 10_000

interface Named {
  /** How often each block is named; about 150 bytes for each. */
  readonly counts: Map<Hash, number>
  readonly manifests: Set<Hash>
  /** Records that cannot be read may name more. */
  isPartial: boolean
}

/** Tells of everything in the books of `owner` that is not as the records have it. */
export async function checkBooks(snapshot: Snapshot, owner: Uuid, report: Report): Promise<void> {
  const named: Named = { counts: new Map(), manifests: new Set(), isPartial: false }
  for (const { volume, row } of snapshot.volumes())
    if (row && !(row instanceof Error) && row.owner === owner)
      await countVolume(snapshot, volume, named, report)
    else if (row instanceof Error) named.isPartial = true
  const rows = readRows(snapshot, owner, report)
  countManifests(snapshot, owner, named, rows, report)
  const trails = countTrails(snapshot, owner, rows, report)
  checkRows(snapshot, owner, { named, rows, trails }, report)
  for (const hash of snapshot.blocks(owner))
    if (!rows.has(hash))
      tell(
        report,
        named.counts.has(hash) ? `block ${hash} is named and` : `block ${hash}`,
        'is not in the books',
      )
}

function tell(report: Report, what: string, fault: string): void {
  report.finding({ check: 'books', message: `${what} ${fault}` })
}

async function countVolume(
  snapshot: Snapshot,
  volume: Uuid,
  named: Named,
  report: Report,
): Promise<void> {
  let count = 0
  for (const record of snapshot.records(volume)) {
    const inode = inodeOf(record)
    if (inode instanceof Error) named.isPartial = true
    else if (inode) {
      for (const hash of namedHashes(inode)) addTo(named.counts, hash)
      if (inode.content.kind === 'manifest') named.manifests.add(inode.content.hash)
    }
    if (++count % turnRecords !== 0) continue
    report.progress('records counted', count)
    await sleep(0)
  }
}

function inodeOf({ kind, parent, value }: VolumeRecord): Inode | Error | undefined {
  try {
    if (kind === RecordKind.inode) return decodeInode(parent, value)
    return kind === RecordKind.dirent ? decodeDirent(value).inode : undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Rows that cannot be read are told; they are there all the same. */
function readRows(
  snapshot: Snapshot,
  owner: Uuid,
  report: Report,
): Map<Hash, BlockRow | undefined> {
  const rows = new Map<Hash, BlockRow | undefined>()
  for (const { hash, row } of snapshot.ledger(owner)) {
    if (row instanceof Error) tell(report, `the row of block ${hash}:`, row.message)
    rows.set(hash, row instanceof Error ? undefined : row)
  }
  return rows
}

/** What a named manifest names is named by it, once. */
function countManifests(
  snapshot: Snapshot,
  owner: Uuid,
  { counts, manifests }: Named,
  rows: ReadonlyMap<Hash, BlockRow | undefined>,
  report: Report,
): void {
  // A Set is iterated in the order of insertion, and what is added meanwhile comes along.
  for (const hash of manifests) {
    const row = rows.get(hash)
    const entries = readManifest(snapshot, owner, hash)
    // One that cannot be read is told where contents are checked.
    const refs = entries ? namedBy(entries) : (row?.refs ?? [])
    for (const ref of refs) addTo(counts, ref)
    for (const entry of entries ?? []) if (entry.kind === 'node') manifests.add(entry.hash)
    const isSame =
      row && row.refs.length === refs.length && refs.every((ref) => row.refs.includes(ref))
    if (row && !isSame)
      tell(
        report,
        `the books have manifest ${hash} name`,
        `${row.refs.length} blocks, not those that it does`,
      )
  }
}

function readManifest(snapshot: Snapshot, owner: Uuid, hash: Hash) {
  const stored = snapshot.block(owner, hash)
  if (stored === undefined || stored instanceof Error) return undefined
  try {
    return decodeManifest(unpackBlock(hash, stored, 'manifest')).entries
  } catch {
    return undefined
  }
}

function countTrails(
  snapshot: Snapshot,
  owner: Uuid,
  rows: ReadonlyMap<Hash, BlockRow | undefined>,
  report: Report,
): Map<Hash, number> {
  const counts = new Map<Hash, number>()
  for (const trail of snapshot.trails()) {
    if (trail.owner !== owner) continue
    addTo(counts, trail.hash)
    if (!rows.has(trail.hash))
      tell(report, 'a trail leads to', `block ${trail.hash}, which is not there`)
  }
  return counts
}

interface Books {
  readonly named: Named
  readonly rows: ReadonlyMap<Hash, BlockRow | undefined>
  readonly trails: ReadonlyMap<Hash, number>
}

function checkRows(
  snapshot: Snapshot,
  owner: Uuid,
  { named, rows, trails: trailsOf }: Books,
  report: Report,
): void {
  for (const [hash, row] of rows) {
    if (!row) continue
    const count = named.counts.get(hash) ?? 0
    const trails = trailsOf.get(hash) ?? 0
    const isUnknown = named.isPartial && row.count > count
    if (row.count !== count && !isUnknown)
      tell(report, `block ${hash}`, `is counted ${row.count} times, and named ${count} times`)
    else if (row.trails !== trails)
      tell(report, `block ${hash}`, `is booked with ${row.trails} trails, and has ${trails}`)
    else if (row.count === 0 && row.trails === 0)
      tell(report, `block ${hash}`, 'is named by nothing and will never be deleted')
    else if (row.count === 0 && !snapshot.hasBlock(owner, hash))
      tell(report, `block ${hash}`, 'is in the books, and its bytes are not there')
  }
}
