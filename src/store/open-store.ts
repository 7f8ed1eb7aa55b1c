// From a configuration to a store. The only file that names the engines; each is loaded when it is
// asked for, so that a local mount never loads the Cassandra driver, nor the other way round.

import { join } from 'node:path'
import type { CassandraOptions } from './cassandra/cassandra-options.js'
import type { SchemaChange, SchemaOptions } from './cassandra/schema.js'
import type { LmdbOptions } from './lmdb/lmdb-store.js'
import type { Store } from './store.js'

/** An engine by name, with its own options. */
export type StoreConfig =
  /** Gone with the process: for tests and trials. */
  | { readonly engine: 'memory' }
  | ({ readonly engine: 'lmdb' } & LmdbOptions)
  | ({ readonly engine: 'cassandra' } & CassandraOptions)

/** What a mount is configured with: Cassandra if that is given, else the embedded store. */
export interface StoreOptions {
  /** The embedded store lies in its folder `store`. */
  readonly stateDir: string
  readonly cassandra?: CassandraOptions
  /** Told of failures of an engine's housekeeping, which nobody waits for. */
  readonly onError?: (error: Error) => void
}

/**
 * Throws StoreUnusable where what is there is not for this version, StoreUnavailable where nothing
 * answers, FsError ENOSPC where an embedded store finds its disk full.
 */
export async function openStore(options: StoreOptions | StoreConfig): Promise<Store> {
  const config = configOf(options)
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
  options: StoreOptions | StoreConfig,
  schema: SchemaOptions = {},
): Promise<SchemaChange> {
  const config = configOf(options)
  if (config.engine === 'cassandra') {
    const { initSchema } = await import('./cassandra/cassandra-store.js')
    return initSchema(config, schema)
  }
  if (!schema.dryRun) await (await openStore(config)).close()
  return { statements: [], executed: !schema.dryRun, keptReplication: undefined }
}

function configOf(options: StoreOptions | StoreConfig): StoreConfig {
  if ('engine' in options) return options
  const { stateDir, cassandra, onError } = options
  if (cassandra) return { engine: 'cassandra', ...cassandra }
  return { engine: 'lmdb', directory: join(stateDir, 'store'), ...(onError && { onError }) }
}
