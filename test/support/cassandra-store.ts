/**
 * A Cassandra store in a keyspace of its own, for one test file; and a plain driver client on that
 * keyspace, to look at rows and to put some there that the engine would not.
 */
import { randomUUID } from 'node:crypto'
import { Client } from 'cassandra-driver'
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
  /** Closes both and drops the keyspace. */
  close(): Promise<void>
}

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
    ...more,
  }
  await initSchema(options, replication === undefined ? {} : { replication })
  const store = await openCassandraStore(options)
  const client = openClient(options)
  await client.connect()
  const close = async () => {
    await store.close()
    await client.execute(`DROP KEYSPACE IF EXISTS "${options.keyspace}"`, [], {
      readTimeout: 60_000,
    })
    await client.shutdown()
  }
  return { store, options, client, traces, close }
}

function openClient({ contactPoints, keyspace, username, password }: CassandraOptions): Client {
  const login =
    username === undefined ? {} : { credentials: { username, password: password ?? '' } }
  return new Client({
    contactPoints: [...contactPoints],
    localDataCenter: 'datacenter1',
    keyspace,
    queryOptions: { prepare: true },
    ...login,
  })
}
