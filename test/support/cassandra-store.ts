/**
 * A Cassandra store in a keyspace of its own, for one test file; and a plain driver client on that
 * keyspace, to look at rows and to put some there that the engine would not.
 */
import { randomUUID } from 'node:crypto'
import { Client, policies } from 'cassandra-driver'
import {
  type CassandraOptions,
  initSchema,
  openCassandraStore,
  type RequestTrace,
} from '../../src/store/cassandra/cassandra-store.js'
import type { Store } from '../../src/store/store.js'

export interface TestStore {
  readonly store: Store
  readonly options: CassandraOptions
  /** Without the login of the options, if they have one. */
  readonly client: Client
  /** Every request of the store since it was opened; may be emptied. */
  readonly traces: RequestTrace[]
  /** Closes both and drops the keyspace, or keeps it (of a cluster that goes as a whole). */
  close(options?: { keep?: boolean }): Promise<void>
}

/** A test's machine may be busy; what is to time out says so itself. */
const patient = { readTimeoutMs: 20_000, commitTimeoutMs: 20_000 }

export function freshKeyspace(): string {
  return `test_${randomUUID().replaceAll('-', '').slice(0, 16)}`
}

export async function openTestStore(
  server: string,
  more: Partial<CassandraOptions> = {},
  replication?: string,
): Promise<TestStore> {
  const traces: RequestTrace[] = []
  const options: CassandraOptions = {
    contactPoints: server.split(','),
    keyspace: freshKeyspace(),
    trace: (request) => traces.push(request),
    ...patient,
    ...more,
  }
  await initSchema(options, replication === undefined ? {} : { replication })
  const store = await openCassandraStore(options)
  const client = openClient(options)
  await client.connect()
  const close = async ({ keep = false } = {}) => {
    try {
      await store.close()
      if (!keep) await client.execute(drop(options.keyspace), [], { readTimeout: 60_000 })
    } finally {
      await client.shutdown()
    }
  }
  return { store, options, client, traces, close }
}

const drop = (keyspace: string) => `DROP KEYSPACE IF EXISTS "${keyspace}"`

function openClient({ contactPoints, keyspace, username, password }: CassandraOptions): Client {
  const login =
    username === undefined ? {} : { credentials: { username, password: password ?? '' } }
  return new Client({
    contactPoints: [...contactPoints],
    localDataCenter: 'datacenter1',
    keyspace,
    queryOptions: { prepare: true },
    // The driver leaves the timer of its next attempt behind when it is closed; by default 10 minutes.
    policies: { reconnection: new policies.reconnection.ConstantReconnectionPolicy(500) },
    ...login,
  })
}
