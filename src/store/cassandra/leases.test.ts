import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  cassandraMissing,
  openTestCassandra,
  type TestCassandra,
} from '../../../test/support/cassandra.js'
import { openTestStore, type TestStore } from '../../../test/support/cassandra-store.js'
import { newUuid } from '../../volume/uuid.js'

const missing = await cassandraMissing()
const owner = newUuid()

describe('leases on Cassandra', { skip: missing ?? false }, () => {
  let cassandra: TestCassandra
  let test1: TestStore

  before(async () => {
    cassandra = await openTestCassandra()
    test1 = await openTestStore(cassandra.server)
  })
  after(async () => {
    await test1?.close()
    await cassandra?.close()
  })

  test('a lease ends by itself', async () => {
    const lease = { key: 'gc/some-owner', holder: newUuid(), value: 'x' }
    const other = { ...lease, holder: newUuid() }
    assert.equal((await test1.store.acquireLease(lease, 1000)).held, true)
    assert.deepEqual(await test1.store.acquireLease(other, 1000), {
      held: false,
      holder: lease.holder,
    })
    for (let tries = 0; tries < 100; tries++) {
      if ((await test1.store.acquireLease(other, 60_000)).held) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.deepEqual(await test1.store.listLeases('gc/'), [other])
    await test1.store.releaseLease(lease.key, lease.holder) // not the holder any more
    assert.deepEqual(await test1.store.listLeases('g'), [other])
    await test1.store.releaseLease(lease.key, other.holder)
    assert.deepEqual(await test1.store.listLeases(''), [])
  })

  test('the sessions of one volume are listed by one read of their partition', async () => {
    const { store } = test1
    const volume = newUuid()
    const leases = ['a', 'b', 'a/deeper'].map((process) => ({
      key: `session/${volume}/${process}`,
      holder: newUuid(),
      value: JSON.stringify({ process }),
    }))
    for (const lease of leases) await store.acquireLease(lease, 60_000)
    await store.acquireLease({ key: `session/${newUuid()}/a`, holder: owner, value: '' }, 60_000)
    await store.listLeases(`session/${volume}/`) // the statement is prepared at first use
    test1.traces.length = 0
    const result = await store.listLeases(`session/${volume}/`)
    assert.equal(test1.traces.length, 1)
    assert.deepEqual(
      result.sort((a, b) => (a.key < b.key ? -1 : 1)),
      [...leases].sort((a, b) => (a.key < b.key ? -1 : 1)),
    )
    assert.equal((await store.listLeases(`session/${volume}/a`)).length, 2)
    assert.equal((await store.listLeases('session/')).length, 4)
  })
})
