// The store of the configuration, for commands that work without a mount. The engine is loaded here and
// not before.

import path from 'node:path'
import type { Config } from '../config/schema.js'
import type { StoreConfig } from '../store/open-store.js'
import type { Store } from '../store/store.js'

/** Which store, and how to reach it: the configuration's part that the store layer takes. */
export function storeConfig(config: Config): StoreConfig {
  const { server, statedir } = config
  if (!server) return { engine: 'lmdb', directory: path.join(statedir, 'store') }
  return {
    engine: 'cassandra',
    contactPoints: server,
    port: config.port,
    keyspace: config.keyspace,
    consistency: config.consistency,
    ...(config.local_dc !== undefined && { localDataCenter: config.local_dc }),
    ...(config.username !== undefined && { username: config.username }),
    ...(config.password !== undefined && { password: config.password }),
  }
}

/** Opens the store, works, closes it whatever happens. Throws StoreUnavailable, StoreUnusable. */
export async function withStore<Result>(
  config: Config,
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  const { openStore } = await import('../store/open-store.js')
  const store = await openStore(storeConfig(config))
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** How many statements the schema lacks. Throws StoreUnavailable, StoreUnusable (of a newer version). */
export async function checkSchema(config: Config): Promise<number> {
  const { initStore } = await import('../store/open-store.js')
  const { statements } = await initStore(storeConfig(config), { dryRun: true })
  return statements.length
}
