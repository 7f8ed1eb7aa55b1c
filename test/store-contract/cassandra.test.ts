import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openCassandraStore } from '../../src/store/cassandra/cassandra-store.js'
import { uuidValue } from '../../src/store/cassandra/values.js'
import { cassandraMissing, openTestCassandra } from '../support/cassandra.js'
import { openTestStore } from '../support/cassandra-store.js'
import { storeContract } from './store-contract.js'

const missing = await cassandraMissing()
if (missing) test('store contract: cassandra', { skip: missing }, () => undefined)
else
  storeContract('cassandra', async () => {
    const cassandra = await openTestCassandra()
    const first = await openTestStore(cassandra.server)
    const other = await openCassandraStore(first.options)
    return {
      store: first.store,
      other,
      // What a TTL leaves behind, without the wait.
      expireLog: async (volume, seq) => {
        const query = 'DELETE FROM ns WHERE vol = ? AND shard = 0 AND k = 9 AND p <= ?'
        await first.client.execute(query, [uuidValue(volume), seq])
      },
      pass: sleep,
      close: async () => {
        await other.close()
        await first.close()
        await cassandra.close()
      },
    }
  })
