// The commit: one conditional batch in the volume's partition. Its head statement carries the only
// condition; Cassandra applies all of the batch or nothing.
//
// All statements of a batch share one timestamp, and a DELETE beats an INSERT at equal ones: a log
// entry has one final statement for each key, which its maker sees to (volume/log-entry.ts).

import { VolumeState } from '../../volume/head.js'
import { encodeHead } from '../../volume/head-codec.js'
import { direntIno } from '../../volume/inode-codec.js'
import { EntryKind, type LogEntry } from '../../volume/log-entry.js'
import { encodeLogEntry } from '../../volume/log-entry-codec.js'
import { type Key, RecordKind, type VolumeRecord } from '../../volume/record.js'
import type { Commit, CommitOutcome } from '../store.js'
import { Profile } from './profiles.js'
import type { Session, Statement } from './session.js'
import {
  blobValue,
  nameValue,
  type Row,
  requiredNumber,
  shard,
  uuidOf,
  uuidValue,
} from './values.js'

const headUpdate =
  'UPDATE ns SET seq = ?, st = ?, ub = ?, ui = ?, qb = ?, qi = ?, req = ?, a = ? ' +
  'WHERE vol = ? AND shard = ? AND k = 0 AND p = 0 AND n = 0x IF seq = ? AND req = ? AND '
const liveUpdate = `${headUpdate} st = ${VolumeState.live}`
/** A void also ends what was begun on a volume that was never made live. */
const voidUpdate = `${headUpdate} st IN (${VolumeState.loading}, ${VolumeState.live})`
const put = 'INSERT INTO ns (vol, shard, k, p, n, seq, ino, a) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
const remove = 'DELETE FROM ns WHERE vol = ? AND shard = ? AND k = ? AND p = ? AND n = ?'
const append =
  `INSERT INTO ns (vol, shard, k, p, n, req, a) VALUES (?, ?, ${RecordKind.log}, ?, 0x, ?, ?) ` +
  'USING TTL ?'

export const firstPut = `${put} USING TIMESTAMP 1`

type UuidValue = ReturnType<typeof uuidValue>

/** Sends the batch once. Throws only for an entry that the format cannot hold. */
export async function sendCommit(
  session: Session,
  commit: Commit,
  logTtlSec: number,
): Promise<CommitOutcome> {
  const outcome = await session.conditionalBatch(batchOf(commit, logTtlSec), Profile.lwt)
  if (outcome.kind !== 'refused') return outcome
  return { kind: 'refused', head: presentHead(outcome.row) }
}

/** The columns of a head, in the order of `headUpdate` and of the insert of a first load. */
export function headValues(head: LogEntry['head']): unknown[] {
  return [
    head.seq,
    head.state,
    head.usedBytes,
    head.usedInodes,
    head.quotaBytes,
    head.quotaInodes,
    uuidValue(head.request),
    blobValue(encodeHead(head)),
  ]
}

/** The values of `put`. */
export function putValues(volume: UuidValue, record: VolumeRecord, seq: number): unknown[] {
  const { kind, parent, name, value } = record
  return [volume, shard, kind, parent, nameValue(name), seq, inoOf(record), blobValue(value)]
}

function batchOf({ volume, expect, entry }: Commit, logTtlSec: number): Statement[] {
  const vol = uuidValue(volume)
  const query = entry.kind === EntryKind.void ? voidUpdate : liveUpdate
  const condition = [expect.seq, uuidValue(expect.request)]
  const head = { query, params: [...headValues(entry.head), vol, shard, ...condition] }
  const statements: Statement[] = [head]
  for (const record of entry.puts)
    statements.push({ query: put, params: putValues(vol, record, entry.seq) })
  for (const key of entry.deletes) statements.push({ query: remove, params: keyValues(vol, key) })
  const log = blobValue(encodeLogEntry(entry))
  const request = uuidValue(entry.request)
  statements.push({ query: append, params: [vol, shard, entry.seq, request, log, logTtlSec] })
  return statements
}

function keyValues(volume: UuidValue, key: Key): unknown[] {
  return [volume, shard, key.kind, key.parent, nameValue(key.name)]
}

/** A column of its own for people and tools; undefined (left unset) for what is no inode. */
function inoOf({ kind, parent, value }: VolumeRecord): number | undefined {
  if (kind === RecordKind.dirent) return direntIno(value)
  return kind === RecordKind.inode ? parent : undefined
}

/** What a refusal tells of the head; nothing of it where there is no head row. */
function presentHead(row: Row): Extract<CommitOutcome, { kind: 'refused' }>['head'] {
  const request = uuidOf(row.req)
  if (request === undefined) return undefined
  return {
    seq: requiredNumber(row.seq, "a head's seq"),
    request,
    state: row.st as VolumeState,
  }
}
