// The store on Apache Cassandra: a volume's namespace is one partition, ordered by conditional batches
// on its head row; blocks are rows of their own. What each request relies on is said where it is made.

import type { Store } from '../store.js'
import { Blocks } from './blocks.js'
import { type CassandraOptions, defaultLogTtlSec } from './cassandra-options.js'
import { sendCommit } from './commit.js'
import { connect } from './connect.js'
import { firstLoad } from './first-load.js'
import { directoryAfter, recordsAfter } from './key-range.js'
import { acquireLease, listLeases, releaseLease } from './leases.js'
import { blockConsistency } from './profiles.js'
import {
  compareAndSetEnvironment,
  compareAndSetOwner,
  listEnvironments,
  readEnvironment,
  readOwner,
} from './registry.js'
import { checkOneDataCenter, checkSchema } from './schema.js'
import { testEngine } from './self-test.js'
import { clockMs } from './server-clock.js'
import type { Session } from './session.js'
import { readHead, readLog, readRecords } from './slices.js'

export type { CassandraOptions, CassandraTls, RequestTrace } from './cassandra-options.js'
export { initSchema, type SchemaChange, type SchemaOptions } from './schema.js'

/**
 * Connects and checks the schema. Throws StoreUnavailable where no node answers, StoreUnusable where
 * the keyspace, its tables, the login or the engine are not what is needed; both say what to do.
 */
export async function openCassandraStore(options: CassandraOptions): Promise<Store> {
  const session = await connect(options, 'keyspace')
  try {
    await checkSchema(session, options)
    await checkOneDataCenter(session, options.keyspace)
    if (options.selfTest ?? true) await testEngine(session)
  } catch (error) {
    await session.close()
    throw error
  }
  return storeOver(session, options)
}

function storeOver(session: Session, options: CassandraOptions): Store {
  const blocks = new Blocks(session, blockConsistency[options.consistency ?? 'LOCAL_QUORUM'])
  const logTtlSec = options.logTtlSec ?? defaultLogTtlSec
  return {
    engine: 'cassandra',
    tables: undefined,

    readHead: (volume) => readHead(session, volume),
    scan: (volume, after, limit) => readRecords(session, volume, recordsAfter(after), limit),
    scanDirectory: (volume, parent, after, limit) =>
      readRecords(session, volume, directoryAfter(parent, after), limit),
    readLog: (volume, after, limit) => readLog(session, volume, after, limit),
    commit: (commit) => sendCommit(session, commit, logTtlSec),
    firstLoad: (volume, _owner, records, head) => firstLoad(session, volume, records, head),

    putBlocks: (owner, list) => blocks.put(owner, list),
    getBlocks: (owner, hashes) => blocks.get(owner, hashes),
    blockLengths: (owner, hashes) => blocks.lengths(owner, hashes),
    listBlocks: (owner, after, limit) => blocks.list(owner, after, limit),
    deleteBlocks: (owner, hashes, uploadedBeforeMs) =>
      blocks.delete(owner, hashes, uploadedBeforeMs),

    readOwner: (owner) => readOwner(session, owner),
    compareAndSetOwner: (owner, expect, next) => compareAndSetOwner(session, owner, expect, next),
    readEnvironment: (owner, environment) => readEnvironment(session, owner, environment),
    listEnvironments: (owner) => listEnvironments(session, owner),
    compareAndSetEnvironment: (owner, environment, expect, next) =>
      compareAndSetEnvironment(session, owner, environment, expect, next),

    acquireLease: (lease, ttlMs) => acquireLease(session, lease, ttlMs),
    releaseLease: (key, holder) => releaseLease(session, key, holder),
    listLeases: (prefix) => listLeases(session, prefix),

    // A cluster's disks are not one disk: statfs has nothing to say about them.
    space: async () => undefined,
    clockMs: () => clockMs(session),
    close: () => session.close(),
  }
}
