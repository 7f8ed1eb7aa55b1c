// Reads of a volume's partition: head, records in order, log.

import { types } from 'cassandra-driver'
import type { Head } from '../../volume/head.js'
import { decodeHead } from '../../volume/head-codec.js'
import type { LogEntry } from '../../volume/log-entry.js'
import { decodeLogEntry } from '../../volume/log-entry-codec.js'
import type { RecordKind, Uuid, VolumeRecord } from '../../volume/record.js'
import { type ScanPage, StoreUnusable } from '../store.js'
import { isRefusedSlice, unavailable } from './failure.js'
import { type KeyRange, logAfter, pieces } from './key-range.js'
import { Profile } from './profiles.js'
import type { Session } from './session.js'
import { blobOf, nameOf, nameValue, type Row, requiredNumber, shard, uuidValue } from './values.js'

const headSelect =
  'SELECT seq, a FROM ns WHERE vol = ? AND shard = ? AND k = 0 AND p = 0 AND n = 0x'
const sliceSelect =
  'SELECT k, p, n, a FROM ns WHERE vol = ? AND shard = ? ' +
  'AND (k, p, n) > (?, ?, ?) AND (k, p, n) <= (?, ?, ?) LIMIT ?'

const { consistencies } = types
/** Rows in one answer: some hundred KiB. */
const pageRows = 5000
/** Enough for ten million tombstones in one directory; a read that fails for another reason ends too. */
const refusalsMax = 1000

/** At LOCAL_SERIAL: whatever commit was half-way is completed or gone after it. */
export async function readHead(session: Session, volume: Uuid): Promise<Head | undefined> {
  const [row] = await session.ask(
    `the head of volume ${volume}`,
    headSelect,
    [uuidValue(volume), shard],
    { executionProfile: Profile.lwt, consistency: consistencies.localSerial },
  )
  if (!row) return undefined
  const value = blobOf(row.a)
  if (!value) throw new StoreUnusable(`the head of volume ${volume} is not one of this version`)
  const head = decodeHead(value)
  if (head.seq !== requiredNumber(row.seq, "a head's seq"))
    throw new StoreUnusable(`the head of volume ${volume} contradicts itself`)
  return head
}

/** The first `limit` records of a range. */
export async function readRecords(
  session: Session,
  volume: Uuid,
  range: KeyRange,
  limit: number,
): Promise<ScanPage> {
  const rows = await readSlice(session, volume, range, limit)
  const records = rows.map(recordOf)
  const last = records.at(-1)
  if (records.length < limit || !last) return { records, after: undefined }
  return { records, after: { kind: last.kind, parent: last.parent, name: last.name } }
}

/** The first `limit` entries behind the seq `after` that a quorum shows. */
export async function readLog(
  session: Session,
  volume: Uuid,
  after: number,
  limit: number,
): Promise<LogEntry[]> {
  const rows = await readSlice(session, volume, logAfter(after), limit)
  return rows.map((row) => decodeLogEntry(bytesOf(row)))
}

function recordOf(row: Row): VolumeRecord {
  return {
    kind: row.k as RecordKind,
    parent: requiredNumber(row.p, "a record's key"),
    name: nameOf(row.n),
    value: bytesOf(row),
  }
}

function bytesOf(row: Row): Buffer {
  const value = blobOf(row.a)
  if (!value) throw new StoreUnusable(`record ${row.k}/${row.p} has no value: damaged`)
  return value
}

async function readSlice(
  session: Session,
  volume: Uuid,
  range: KeyRange,
  limit: number,
): Promise<Row[]> {
  try {
    return await sliceRows(session, volume, range, limit, { left: refusalsMax })
  } catch (error) {
    throw unavailable(`volume ${volume}`, error)
  }
}

/**
 * A slice that Cassandra refuses for its tombstones is read in pieces, and they in smaller ones, as
 * long as `refusals` last.
 */
async function sliceRows(
  session: Session,
  volume: Uuid,
  range: KeyRange,
  limit: number,
  refusals: { left: number },
): Promise<Row[]> {
  try {
    return await wholeSlice(session, volume, range, limit)
  } catch (error) {
    const parts = isRefusedSlice(error) && refusals.left-- > 0 ? pieces(range) : []
    if (parts.length < 2) throw error
    const rows: Row[] = []
    for (const part of parts) {
      const left = limit - rows.length
      if (left <= 0) break
      for (const row of await sliceRows(session, volume, part, left, refusals)) rows.push(row)
    }
    return rows
  }
}

async function wholeSlice(
  session: Session,
  volume: Uuid,
  { after, last }: KeyRange,
  limit: number,
): Promise<Row[]> {
  const from = [after.kind, after.parent, nameValue(after.name)]
  const to = [last.kind, last.parent, nameValue(last.name)]
  const params = [uuidValue(volume), shard, ...from, ...to, limit]
  const fetchSize = Math.min(limit, pageRows)
  let result = await session.page(sliceSelect, params, { fetchSize })
  const rows = result.rows
  while (result.pageState) {
    result = await session.page(sliceSelect, params, { fetchSize, pageState: result.pageState })
    for (const row of result.rows) rows.push(row)
  }
  return rows
}
