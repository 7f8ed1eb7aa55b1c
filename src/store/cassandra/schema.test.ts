import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  cassandraMissing,
  openTestCassandra,
  type TestCassandra,
} from '../../../test/support/cassandra.js'
import { openTestStore, type TestStore } from '../../../test/support/cassandra-store.js'
import { StoreUnavailable, StoreUnusable } from '../store.js'
import { initSchema, openCassandraStore } from './cassandra-store.js'
import { connect } from './connect.js'
import type { Profile } from './profiles.js'
import { testEngine } from './self-test.js'
import { type Conditional, Session, type Statement } from './session.js'

const missing = await cassandraMissing()

function unusable(pattern: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof StoreUnusable, String(error))
    assert.match(error.message, pattern)
    return true
  }
}

/** Carries out the statements of a batch one by one, as a database without conditional batches may. */
class PiecemealSession extends Session {
  override async conditionalBatch(statements: Statement[], profile: Profile): Promise<Conditional> {
    let last: Conditional = { kind: 'applied' }
    for (const { query, params } of statements) {
      if (query.includes(' IF ')) last = await this.conditional(query, params, profile)
      else await this.write('a statement', query, params)
    }
    return last
  }
}

describe('the Cassandra schema', { skip: missing ?? false }, () => {
  let cassandra: TestCassandra
  let made: TestStore

  before(async () => {
    cassandra = await openTestCassandra()
    made = await openTestStore(cassandra.server)
  })
  after(async () => {
    await made?.close()
    await cassandra?.close()
  })

  function initPattern(keyspace: string): RegExp {
    const server = made.options.contactPoints.join(',')
    return new RegExp(`make (it|them) with cassfs init -server=${server} -keyspace=${keyspace}$`)
  }

  test('a keyspace that is not there, or empty, is refused with the command that makes it', async () => {
    const { options, client } = made
    const absent = { ...options, keyspace: `${options.keyspace}_absent` }
    await assert.rejects(openCassandraStore(absent), unusable(initPattern(absent.keyspace)))
    await client.execute('DROP TABLE meta')
    await assert.rejects(openCassandraStore(options), unusable(initPattern(options.keyspace)))
    const { statements } = await initSchema(options)
    assert.match(statements[0] ?? '', /^CREATE TABLE .*\.meta /)
    assert.match(statements[1] ?? '', /^INSERT INTO .*\.meta /)
    assert.equal(statements.length, 2)
    await (await openCassandraStore(options)).close()
  })

  test('a newer or damaged version is refused, and a newer one is not touched', async () => {
    const { options, client } = made
    const setVersion = (version: string) =>
      client.execute("UPDATE meta SET v = ? WHERE k = 'schema'", [version])
    await setVersion('2')
    await assert.rejects(openCassandraStore(options), unusable(/version 2.*up to 1: update CassFS/))
    await assert.rejects(initSchema(options), unusable(/update CassFS/))
    for (const damaged of ['0', 'x', '']) {
      await setVersion(damaged)
      await assert.rejects(openCassandraStore(options), unusable(/schema version .*damaged/))
    }
    await setVersion('1')
    await (await openCassandraStore(options)).close()
  })

  test('a dry run does nothing; a run makes what is missing; a second one has nothing to do', async () => {
    const options = { ...made.options, keyspace: `${made.options.keyspace}_dry` }
    const plan = await initSchema(options, { dryRun: true, replication: 'datacenter1=1' })
    assert.equal(plan.executed, false)
    assert.match(
      plan.statements[0] ?? '',
      /^CREATE KEYSPACE .*'NetworkTopologyStrategy', 'datacenter1': '1'/,
    )
    await assert.rejects(openCassandraStore(options), StoreUnusable)
    const first = await initSchema(options, { replication: '1' })
    assert.equal(first.statements.length, plan.statements.length)
    assert.match(first.statements[0] ?? '', /'SimpleStrategy', 'replication_factor': '1'/)
    assert.equal(first.keptReplication, undefined)
    const second = await initSchema(options, { replication: '3' })
    assert.deepEqual(second.statements, [])
    assert.match(JSON.stringify(second.keptReplication), /SimpleStrategy.*"1"/)
    await made.client.execute(`DROP KEYSPACE "${options.keyspace}"`, [], { readTimeout: 60_000 })
  })

  test('a mount makes no table', async () => {
    await made.client.execute('DROP TABLE locks')
    const store = await openCassandraStore(made.options)
    await assert.rejects(store.listLeases('gc/'), StoreUnavailable)
    await store.close()
    assert.equal((await initSchema(made.options)).statements.length, 1)
  })

  test('a database that applies parts of a refused batch is not used', async () => {
    const session = await connect(made.options, 'keyspace')
    try {
      await testEngine(session)
      const piecemeal = new PiecemealSession(session.client, session.neighbourhood)
      await assert.rejects(testEngine(piecemeal), unusable(/applies parts of a conditional batch/))
    } finally {
      await session.close()
    }
  })

  test('where nothing listens the message names the contact points and what to check', async () => {
    const options = { contactPoints: ['127.0.0.1:1', 'nowhere.invalid'], keyspace: 'cassfs' }
    await assert.rejects(openCassandraStore(options), (error: unknown) => {
      assert.ok(error instanceof StoreUnavailable, String(error))
      assert.match(error.message, /127\.0\.0\.1:1, nowhere\.invalid:9042/)
      assert.match(error.message, /ECONNREFUSED.*native_transport_port.*firewall/)
      return true
    })
  })

  test('a data centre that is not there is refused with those that are', async () => {
    await assert.rejects(
      openCassandraStore({ ...made.options, localDataCenter: 'dc9' }),
      unusable(/no data centre "dc9".*datacenter1/),
    )
  })
})
