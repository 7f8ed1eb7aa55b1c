// Commits and first loads: one write transaction each (a first load: one for each page), with the
// head's check, the records, the log and the blocks' books inside it.

import { Errno, FsError } from '../../posix/errno.js'
import { countNames, type LedgerRows, missingBlocks } from '../../tables/block-ledger.js'
import { type Head, VolumeState } from '../../volume/head.js'
import { EntryKind } from '../../volume/log-entry.js'
import { encodeLogEntry } from '../../volume/log-entry-codec.js'
import type { Uuid, VolumeRecord } from '../../volume/record.js'
import { recordHashes } from '../../volume/record-hashes.js'
import { type Commit, type CommitOutcome, isExpected } from '../store.js'
import { rowBytes } from './disk-reserve.js'
import { type Environment, WriteFailed } from './environment.js'
import { forget, leftover, remember } from './leftovers.js'
import { VolumeWriter } from './volume-writer.js'

export async function commit(
  environment: Environment,
  rows: LedgerRows,
  commit: Commit,
  nowMs: number,
): Promise<CommitOutcome> {
  const { entry, ceases } = commit
  const bytes = encodeLogEntry(entry)
  // A void ends what is unknown: it must find room on a full disk too.
  const frees = entry.deletes.length > 0 || ceases.length > 0 || entry.kind === EntryKind.void
  const urgent = frees || commit.isAnswered === true
  const run = () => commitWithin(environment, rows, commit, bytes, nowMs)
  try {
    return await environment.write(run, { urgent, bytes: neededBytes(commit, bytes) })
  } catch (error) {
    if (!(error instanceof WriteFailed)) throw error
    return afterFailure(environment, commit, error)
  }
}

/** Pages written anew for each record and block, and the entry itself. */
function neededBytes({ entry, begins, ceases }: Commit, bytes: Uint8Array): number {
  const rows = entry.puts.length + entry.deletes.length + begins.length + ceases.length
  return bytes.length + (rows + 1) * rowBytes
}

function commitWithin(
  environment: Environment,
  rows: LedgerRows,
  commit: Commit,
  bytes: Uint8Array,
  nowMs: number,
): CommitOutcome {
  const { volume, owner, entry, begins, ceases } = commit
  const writer = new VolumeWriter(environment, volume)
  const head = writer.head()
  if (!head) return { kind: 'refused', head: undefined }
  if (!isExpected(head, commit)) return { kind: 'refused', head }
  const missing = missingBlocks(rows, owner, begins)
  if (missing.length > 0) return { kind: 'missing', hashes: missing }
  const row = writer.row()
  if (!row) throw new FsError(Errno.EIO, `volume ${volume} has a head but no row`)
  const more = writer.write(entry.puts, entry.deletes)
  const logged = writer.appendLog(entry.seq, bytes, row)
  writer.setHead(entry.head)
  writer.setRow({ ...logged, count: row.count + more })
  countNames(rows, { volume, seq: entry.seq, owner }, begins, ceases)
  if (entry.head.state === VolumeState.deleting) remember(environment, volume, nowMs)
  return { kind: 'applied' }
}

/** Reads what a failed transaction left: its entry, nothing at all, or something else. */
function afterFailure(environment: Environment, commit: Commit, error: WriteFailed): CommitOutcome {
  environment.refresh()
  const head = new VolumeWriter(environment, commit.volume).head()
  const untouched = head?.seq === commit.expect.seq && head.request === commit.expect.request
  if (error.diskFull && untouched)
    throw new FsError(Errno.ENOSPC, `no space left on the disk of ${environment.directory}`, {
      cause: error,
    })
  return { kind: 'unknown', cause: error }
}

export async function firstLoad(
  environment: Environment,
  rows: LedgerRows,
  load: { readonly volume: Uuid; readonly owner: Uuid; readonly head: Head; nowMs(): number },
  records: AsyncIterable<readonly VolumeRecord[]> | Iterable<readonly VolumeRecord[]>,
): Promise<void> {
  const { volume, owner, head } = load
  const writer = new VolumeWriter(environment, volume)
  const started = { owner, count: 0, logFirst: head.seq + 1, logBytes: 0 }
  await environment.writeOrFull(() => {
    if (writer.row()) throw new FsError(Errno.EEXIST, `volume ${volume} is there already`)
    writer.setRow(started)
    remember(environment, volume, load.nowMs())
  })
  for await (const page of records)
    await environment.writeOrFull(() => {
      const row = writer.row()
      if (!row || !leftover(environment, volume))
        throw new FsError(Errno.EIO, `the first load of volume ${volume} took too long`)
      loadPage(rows, writer, { volume, owner, seq: head.seq }, page)
      remember(environment, volume, load.nowMs())
    })
  await environment.writeOrFull(() => {
    if (!leftover(environment, volume))
      throw new FsError(Errno.EIO, `the first load of volume ${volume} took too long`)
    writer.setHead(head)
    forget(environment, volume)
  })
}

function loadPage(
  rows: LedgerRows,
  writer: VolumeWriter,
  naming: { readonly volume: Uuid; readonly owner: Uuid; readonly seq: number },
  page: readonly VolumeRecord[],
): void {
  const row = writer.row()
  const begins = page.flatMap(recordHashes)
  const missing = missingBlocks(rows, naming.owner, begins)
  if (!row || missing.length > 0)
    throw new FsError(Errno.EIO, `${missing.length} blocks of the first load are not stored`)
  writer.setRow({ ...row, count: row.count + writer.write(page, []) })
  countNames(rows, naming, begins, [])
}
