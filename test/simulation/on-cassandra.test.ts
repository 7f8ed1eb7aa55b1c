// The same programs and the same verdict on a real Cassandra, in real time: several replicas, each with
// a driver of its own, contend for one volume.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { openReplica } from '../../src/replica/open-replica.js'
import { openCassandraStore } from '../../src/store/cassandra/cassandra-store.js'
import { cassandraMissing, openTestCassandra } from '../support/cassandra.js'
import { openTestStore } from '../support/cassandra-store.js'
import { createEmptyVolume } from './empty-volume.js'
import { change, create, mkdir, type TreeReplica } from './replica-fixture.js'
import { textOf, treeRules } from './tree-rules.js'

const mounts = 3
const rounds = 12
const missing = await cassandraMissing()

test('replicas that contend on Cassandra do everything once and agree', {
  skip: missing ?? false,
}, async (t) => {
  const cassandra = await openTestCassandra()
  const { store, options, close } = await openTestStore(cassandra.server)
  const stores = [store]
  try {
    while (stores.length < mounts) stores.push(await openCassandraStore(options))
    const identity = await createEmptyVolume(store)
    const open = (one: (typeof stores)[0]): Promise<TreeReplica> =>
      openReplica({ store: one, ...identity, rules: treeRules, processId: randomUUID() })
    const replicas = await Promise.all(stores.map(open))
    const [first] = replicas as [TreeReplica]
    const dir = await mkdir(first, 'dir')
    const shared = await create(first, 'shared', dir)
    for (const replica of replicas) await replica.poll()

    const won = await Promise.all(replicas.map((replica, at) => work(replica, at, dir, shared)))
    for (const replica of replicas) await replica.poll()
    const late = await open(store)
    assert.equal(won.flat().length, rounds, 'each exclusive name has one winner')
    for (const replica of [...replicas, late]) {
      assert.deepEqual(replica.list(dir, undefined, 1000), first.list(dir, undefined, 1000))
      const inode = replica.inode(shared)
      const texts = inode ? textOf(inode).split(';').slice(0, -1) : []
      assert.equal(texts.length, mounts * rounds)
      assert.equal(new Set(texts).size, mounts * rounds)
      assert.equal(replica.head.seq, first.head.seq)
    }
    t.diagnostic(JSON.stringify(replicas.map((replica) => replica.status())))
    for (const replica of [...replicas, late]) await replica.close(5000)
  } finally {
    for (const one of stores.slice(1)) await one.close()
    await close()
    await cassandra.close()
  }
})

/** Answers the names that this replica won. */
async function work(
  replica: TreeReplica,
  at: number,
  dir: number,
  shared: number,
): Promise<string[]> {
  const won: string[] = []
  for (let round = 0; round < rounds; round++) {
    await replica.ready()
    const name = `one${round}`
    const made = create(replica, name, dir).then(
      () => won.push(name),
      (error) => assert.equal(error.code, 'EEXIST'),
    )
    const text = `${at}.${round};`
    await Promise.all([made, change(replica, { op: 'append', ino: shared, text })])
    const own = `own${at}-${round}`
    await create(replica, own, dir)
    const toName = `moved${at}-${round}`
    await change(replica, { op: 'rename', parent: dir, name: own, toParent: dir, toName })
  }
  return won
}
