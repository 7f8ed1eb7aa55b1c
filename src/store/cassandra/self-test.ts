// Shows, when a store is opened, that this engine's conditional batches are what a commit needs: one
// whose condition fails must apply nothing. (Not every database that speaks CQL does so.)

import { types } from 'cassandra-driver'
import { newUuid } from '../../volume/uuid.js'
import { StoreUnusable } from '../store.js'
import { unavailable } from './failure.js'
import { Profile } from './profiles.js'
import type { Session } from './session.js'
import { shard, uuidValue } from './values.js'

const ttlSec = 60
const insertHead = `INSERT INTO ns (vol, shard, k, p, n, seq) VALUES (?, ?, 0, 0, 0x, 1) IF NOT EXISTS USING TTL ${ttlSec}`
const failingUpdate =
  `UPDATE ns USING TTL ${ttlSec} SET seq = 3 WHERE vol = ? AND shard = ? AND k = 0 AND p = 0 AND n = 0x ` +
  'IF seq = 2'
const appendEntry = `INSERT INTO ns (vol, shard, k, p, n) VALUES (?, ?, 9, 3, 0x) USING TTL ${ttlSec}`
const selectAll = 'SELECT k, seq FROM ns WHERE vol = ? AND shard = ?'

/** Works in a partition of its own that is gone a minute later. */
export async function testEngine(session: Session): Promise<void> {
  const params = [uuidValue(newUuid()), shard]
  const made = await session.conditional(insertHead, params, Profile.lwt)
  if (made.kind === 'unknown') throw unavailable('a conditional write', made.cause)
  const outcome = await session.conditionalBatch(
    [
      { query: failingUpdate, params },
      { query: appendEntry, params },
    ],
    Profile.lwt,
  )
  if (outcome.kind === 'unknown') throw unavailable('a conditional batch', outcome.cause)
  const rows = await session.ask('a conditional batch', selectAll, params, {
    executionProfile: Profile.lwt,
    consistency: types.consistencies.localSerial,
  })
  const untouched = rows.length === 1 && String(rows[0]?.seq) === '1'
  if (made.kind !== 'applied' || outcome.kind !== 'refused' || !untouched)
    throw new StoreUnusable(
      'this database applies parts of a conditional batch whose condition fails: ' +
        'CassFS would lose changes on it (Apache Cassandra 4.0 or newer is needed)',
    )
}
