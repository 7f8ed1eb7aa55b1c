// What a volume leaves behind: the records of a first load that was given up, the log of a volume that
// is being deleted. Each such volume has a row with the time of its last sign of life; an hour later
// it is cleared, a bounded piece at a time.

import { countNames, type LedgerRows } from '../../tables/block-ledger.js'
import { idBytes } from '../../tables/lmdb-keys.js'
import { LmdbTables } from '../../tables/lmdb-tables.js'
import type { Key, Uuid } from '../../volume/record.js'
import { recordHashes } from '../../volume/record-hashes.js'
import type { Environment } from './environment.js'
import { uuidOf } from './rows.js'
import { VolumeWriter } from './volume-writer.js'

const keptMs = 3_600_000
const recordsPerPiece = 500

/** Within a write transaction. */
export function remember(environment: Environment, volume: Uuid, nowMs: number): void {
  environment.leftovers.put(idBytes(volume), Buffer.from(String(nowMs)))
}

/** Within a write transaction. */
export function forget(environment: Environment, volume: Uuid): void {
  environment.leftovers.remove(idBytes(volume))
}

/** Whether the volume has such a row. */
export function leftover(environment: Environment, volume: Uuid): boolean {
  return environment.leftovers.doesExist(idBytes(volume))
}

/** The volumes that are due. */
export function dueLeftovers(environment: Environment, nowMs: number): Uuid[] {
  const due: Uuid[] = []
  for (const { key, value } of environment.leftovers.getRange({}))
    if (Number(value.toString()) < nowMs - keptMs) due.push(uuidOf(key))
  return due
}

/** Clears a piece of one; true when nothing is left. Within a write transaction. */
export function clearPiece(environment: Environment, rows: LedgerRows, volume: Uuid): boolean {
  if (!leftover(environment, volume)) return true
  const writer = new VolumeWriter(environment, volume)
  const done = writer.head() ? clearLog(writer) : clearRecords(environment, rows, volume, writer)
  if (done) forget(environment, volume)
  return done
}

/** The head stays: whoever still has the volume open is told that it is deleted. */
function clearLog(writer: VolumeWriter): boolean {
  const row = writer.row()
  const head = writer.head()
  if (!row || !head) return true
  const end = Math.min(head.seq + 1, row.logFirst + recordsPerPiece)
  let { logBytes } = row
  for (let seq = row.logFirst; seq < end; seq++) logBytes -= writer.removeLog(seq)
  writer.setRow({ ...row, logFirst: end, logBytes: Math.max(0, logBytes) })
  return end === head.seq + 1
}

function clearRecords(
  environment: Environment,
  rows: LedgerRows,
  volume: Uuid,
  writer: VolumeWriter,
): boolean {
  const row = writer.row()
  const { records, links } = environment
  const tables = new LmdbTables({ records, links, count: () => 0, refresh: () => {} }, volume)
  const page = tables.scan(undefined, recordsPerPiece)
  if (!row || page.length === 0) {
    writer.setRow(undefined)
    return true
  }
  const keys: Key[] = page.map(({ kind, parent, name }) => ({ kind, parent, name }))
  writer.setRow({ ...row, count: row.count + writer.write([], keys) })
  countNames(rows, { volume, seq: 0, owner: row.owner }, [], page.flatMap(recordHashes))
  return false
}
