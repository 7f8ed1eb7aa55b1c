import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  cassandraMissing,
  openTestCassandra,
  type TestCassandra,
} from '../../../test/support/cassandra.js'
import { openTestStore, type TestStore } from '../../../test/support/cassandra-store.js'
import { newUuid } from '../../volume/uuid.js'
import { BlockEncoding, type StoredBlock } from '../store.js'

const missing = await cassandraMissing()
const owner = newUuid()

function block(fill: number, length = 100): StoredBlock {
  const hash = Buffer.alloc(32, fill).toString('hex')
  return { hash, length, encoding: BlockEncoding.plain, data: Buffer.alloc(length, fill) }
}

describe('blocks on Cassandra', { skip: missing ?? false }, () => {
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

  test('a block counts as absent only after one replica, a local quorum and a quorum', async () => {
    const { store, traces } = test1
    await store.getBlocks(owner, [block(200).hash]) // the statement is prepared at first use
    traces.length = 0
    assert.deepEqual(await store.getBlocks(owner, [block(200).hash]), [undefined])
    assert.equal(traces.length, 3)
  })

  test('the clock of this host has no part in the time of a block', async (t) => {
    const now = await test1.store.clockMs()
    t.mock.timers.enable({ apis: ['Date'], now: now - 86_400_000 })
    await test1.store.putBlocks(owner, [block(3)])
    t.mock.timers.reset()
    const listed = await test1.store.listBlocks(owner, undefined, 1000)
    const uploadedMs = listed.find((each) => each.hash === block(3).hash)?.uploadedMs ?? 0
    assert.ok(Math.abs(uploadedMs - now) < 60_000, String(uploadedMs - now))
  })

  test('a block stored again since lives through its deletion', async () => {
    const { store } = test1
    await store.putBlocks(owner, [block(4), block(5)])
    const beforeMs = (await store.clockMs()) + 1
    while ((await store.clockMs()) <= beforeMs); // a few milliseconds
    await store.putBlocks(owner, [block(5)])
    await store.deleteBlocks(owner, [block(4).hash, block(5).hash], beforeMs)
    const [gone, kept] = await store.getBlocks(owner, [block(4).hash, block(5).hash])
    assert.equal(gone, undefined)
    assert.deepEqual(kept, block(5))
  })
})
