// The first load of a volume that nothing has touched: plain batches of records at timestamp 1, so that
// one which arrives late can never bring back what a commit has removed since; then the head, which
// makes the volume exist.

import type { types } from 'cassandra-driver'
import { Errno, FsError } from '../../posix/errno.js'
import type { Head } from '../../volume/head.js'
import type { Uuid, VolumeRecord } from '../../volume/record.js'
import { firstPut, headValues, putValues } from './commit.js'
import { asError, unavailable } from './failure.js'
import { Profile } from './profiles.js'
import type { Session, Statement } from './session.js'
import { readHead } from './slices.js'
import { shard, uuidOf, uuidValue } from './values.js'

const headInsert =
  'INSERT INTO ns (seq, st, ub, ui, qb, qi, req, a, vol, shard, k, p, n) ' +
  'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0x) IF NOT EXISTS'

/** A batch of one partition is one mutation to Cassandra, kept well below its size limits. */
const batchBytes = 64 * 1024
const batchRecords = 400
const batchesInFlight = 8
const headAttempts = 4

/** Throws FsError EEXIST where the volume has a head, StoreUnavailable. */
export async function firstLoad(
  session: Session,
  volume: Uuid,
  pages: AsyncIterable<readonly VolumeRecord[]> | Iterable<readonly VolumeRecord[]>,
  head: Head,
): Promise<void> {
  if (await readHead(session, volume)) throw existsAlready(volume)
  const vol = uuidValue(volume)
  const underWay = new Set<Promise<void>>()
  let failure: Error | undefined
  const send = async (records: VolumeRecord[]) => {
    const sent = insert(session, volume, vol, records, head.seq)
      .catch((error: unknown) => {
        failure ??= asError(error)
      })
      .finally(() => underWay.delete(sent))
    underWay.add(sent)
    if (underWay.size >= batchesInFlight) await Promise.race(underWay)
  }
  try {
    for await (const batch of batches(pages)) {
      if (failure) break
      await send(batch)
    }
  } finally {
    await Promise.all(underWay)
  }
  if (failure) throw failure
  await insertHead(session, volume, vol, head)
}

function existsAlready(volume: Uuid): FsError {
  return new FsError(Errno.EEXIST, `volume ${volume} is there already`)
}

async function* batches(
  pages: AsyncIterable<readonly VolumeRecord[]> | Iterable<readonly VolumeRecord[]>,
): AsyncGenerator<VolumeRecord[]> {
  let batch: VolumeRecord[] = []
  let bytes = 0
  for await (const page of pages) {
    for (const record of page) {
      batch.push(record)
      bytes += record.name.length + record.value.length
      if (bytes < batchBytes && batch.length < batchRecords) continue
      yield batch
      batch = []
      bytes = 0
    }
  }
  if (batch.length > 0) yield batch
}

async function insert(
  session: Session,
  volume: Uuid,
  vol: types.Uuid,
  records: VolumeRecord[],
  seq: number,
): Promise<void> {
  const statements: Statement[] = records.map((record) => ({
    query: firstPut,
    params: putValues(vol, record, seq),
  }))
  try {
    await session.client.batch(statements, { prepare: true, logged: false, isIdempotent: true })
  } catch (cause) {
    throw unavailable(`the first records of volume ${volume}`, cause)
  }
}

/** Sent again while its outcome is unknown: a head with our request id is ours. */
async function insertHead(
  session: Session,
  volume: Uuid,
  vol: types.Uuid,
  head: Head,
): Promise<void> {
  let cause: unknown
  for (let attempt = 0; attempt < headAttempts; attempt++) {
    const params = [...headValues(head), vol, shard]
    const outcome = await session.conditional(headInsert, params, Profile.lwt)
    if (outcome.kind === 'applied') return
    if (outcome.kind === 'refused') {
      if (uuidOf(outcome.row.req) === head.request) return
      throw existsAlready(volume)
    }
    cause = outcome.cause
  }
  throw unavailable(`the first head of volume ${volume}`, cause)
}
