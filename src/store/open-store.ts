// From a configuration to a store. The only file that names the engines; each is loaded when it is
// asked for, so that a local mount never loads the Cassandra driver, nor the other way round.

import type { Store } from './store.js'

type CassandraOptions = import('./cassandra/cassandra-store.js').CassandraOptions
type SchemaOptions = import('./cassandra/cassandra-store.js').SchemaOptions
type SchemaChange = import('./cassandra/cassandra-store.js').SchemaChange
type LmdbOptions = import('./lmdb/lmdb-store.js').LmdbOptions

/** An engine by name, with its own options. */
export type StoreConfig =
  /** Gone with the process: for tests and trials. */
  | { readonly engine: 'memory' }
  | ({ readonly engine: 'lmdb' } & LmdbOptions)
  | ({ readonly engine: 'cassandra' } & CassandraOptions)

/**
 * Throws StoreUnusable where what is there is not for this version, StoreUnavailable where nothing
 * answers, FsError ENOSPC where an embedded store finds its disk full.
 */
export async function openStore(config: StoreConfig): Promise<Store> {
  if (config.engine === 'memory') {
    const { createMemoryStore } = await import('./memory/memory-store.js')
    return createMemoryStore()
  }
  if (config.engine === 'lmdb') {
    const { openLmdbStore } = await import('./lmdb/lmdb-store.js')
    return openLmdbStore(config)
  }
  const { openCassandraStore } = await import('./cassandra/cassandra-store.js')
  return openCassandraStore(config)
}

/**
 * Makes what a store needs before it can be opened: keyspace and tables on Cassandra, nothing that
 * opening does not make by itself elsewhere. Throws as `openStore`.
 */
export async function initStore(
  config: StoreConfig,
  schema: SchemaOptions = {},
): Promise<SchemaChange> {
  if (config.engine === 'cassandra') {
    const { initSchema } = await import('./cassandra/cassandra-store.js')
    return initSchema(config, schema)
  }
  if (!schema.dryRun) await (await openStore(config)).close()
  return { statements: [], executed: !schema.dryRun, keptReplication: undefined }
}
