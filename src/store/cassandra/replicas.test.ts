// Needs three nodes of its own (3 GB; minutes on a small machine): runs where CASSFS_TEST_CLUSTER is set.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  cassandraMissing,
  openTestCassandra,
  type TestCassandra,
} from '../../../test/support/cassandra.js'
import { openTestStore, type TestStore } from '../../../test/support/cassandra-store.js'
import type { Head } from '../../volume/head.js'
import { EntryKind } from '../../volume/log-entry.js'
import type { Uuid } from '../../volume/record.js'
import { newUuid } from '../../volume/uuid.js'
import { BlockEncoding, type Commit, type Store, StoreUnavailable } from '../store.js'
import { openCassandraStore, type RequestTrace } from './cassandra-store.js'

const missing = process.env.CASSFS_TEST_CLUSTER
  ? await cassandraMissing()
  : 'needs three Cassandra nodes: set CASSFS_TEST_CLUSTER=1'
const attemptsMax = 100

interface At {
  readonly volume: Uuid
  readonly head: Head
}

function next({ volume, head }: At): Commit {
  const request = newUuid()
  const seq = head.seq + 1
  const chain = { seq, request, previousRequest: head.request }
  const lists = { puts: [], deletes: [], answers: [] }
  const entry = { ...chain, kind: EntryKind.change, head: { ...head, seq, request }, ...lists }
  return { volume, owner: newUuid(), expect: head, entry, begins: [], ceases: [] }
}

describe('three replicas of Cassandra', { skip: missing ?? false }, () => {
  let cassandra: TestCassandra
  let made: TestStore
  let other: Store
  const otherTraces: RequestTrace[] = []

  before(async () => {
    cassandra = await openTestCassandra({ nodes: 3, paxos: 'v2' })
    try {
      made = await openTestStore(
        cassandra.server,
        { commitTimeoutMs: 2500, readTimeoutMs: 5000 },
        '3',
      )
      const trace = (request: RequestTrace) => otherTraces.push(request)
      other = await openCassandraStore({ ...made.options, trace })
    } catch (error) {
      await cassandra.close() // after a failed before, no after is run
      throw error
    }
  })
  after(async () => {
    try {
      await other?.close()
      await made?.close({ keep: true })
    } finally {
      await cassandra?.close()
    }
  })

  async function answered<T>(task: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await task()
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || attempt > attemptsMax) throw error
      }
    }
  }

  function newVolume(): Promise<At> {
    const sizes = { usedBytes: 0, usedInodes: 1, quotaBytes: 0, quotaInodes: 0 }
    return answered(async () => {
      const head = { seq: 0, request: newUuid(), state: 1, ...sizes } as const
      const volume = newUuid()
      await made.store.firstLoad(volume, newUuid(), [], head)
      return { volume, head }
    })
  }

  /** The identical commit until it is decided; answers how often its outcome was unknown. */
  async function settle(store: Store, commit: Commit): Promise<number> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const outcome = await store.commit(commit)
      if (outcome.kind === 'unknown') continue
      if (outcome.kind === 'refused') assert.equal(outcome.head?.request, commit.entry.request)
      return attempt
    }
    return assert.fail('no definite outcome')
  }

  async function move(store: Store, at: At, times: number): Promise<At> {
    let { head } = at
    for (let i = 0; i < times; i++) {
      const commit = next({ ...at, head })
      await settle(store, commit)
      head = commit.entry.head
    }
    return { ...at, head }
  }

  const coordinators = (traces: readonly RequestTrace[]) =>
    new Set(traces.map((trace) => trace.coordinator))
  const commits = (traces: readonly RequestTrace[]) =>
    traces.filter((trace) => trace.statements[0]?.startsWith('UPDATE ns'))

  test('every client sends the commits of a volume to one node; volumes are spread', async () => {
    const used = new Set<string>()
    for (let i = 0; i < 12; i++) {
      let at = await newVolume()
      made.traces.length = 0
      otherTraces.length = 0
      at = await move(made.store, at, 3)
      await move(other, at, 3)
      const ours = coordinators(commits(made.traces))
      assert.equal(ours.size, 1)
      assert.deepEqual(coordinators(commits(otherTraces)), ours)
      for (const each of ours) used.add(each)
    }
    assert.equal(used.size, 3)
  })

  test('polls and pages are asked of every replica in turn', async () => {
    const { volume } = await newVolume()
    made.traces.length = 0
    for (let i = 0; i < 9; i++) await answered(() => made.store.readLog(volume, 0, 10))
    assert.equal(coordinators(made.traces).size, 3)
  })

  test('when the node of a volume pauses, the next one takes over and keeps the commits', async () => {
    let at = await move(made.store, await newVolume(), 1)
    made.traces.length = 0
    at = await move(made.store, at, 1)
    const [first] = coordinators(commits(made.traces))
    const number = made.options.contactPoints.findIndex((ip) => first?.startsWith(`${ip}:`))
    const pid = (await cassandra.pids())[number]
    assert.ok(first && pid)
    process.kill(pid, 'SIGSTOP')
    try {
      const commit = next(at)
      assert.ok((await settle(made.store, commit)) >= 1)
      at = { ...at, head: commit.entry.head }
      made.traces.length = 0
      at = await move(made.store, at, 5)
      assert.ok(!coordinators(commits(made.traces)).has(first))
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    const log = await answered(() => made.store.readLog(at.volume, 0, 100))
    assert.deepEqual(
      log.map((entry) => entry.seq),
      [1, 2, 3, 4, 5, 6, 7, 8],
    )
    assert.deepEqual(await answered(() => made.store.readHead(at.volume)), at.head)
  })

  test('a block that one replica missed is found by the others', async () => {
    const owner = newUuid()
    const data = Buffer.alloc(50, 1)
    const blocks = Array.from({ length: 10 }, (_, i) => {
      const hash = Buffer.alloc(32, i + 1).toString('hex')
      return { hash, length: 50, encoding: BlockEncoding.plain, data }
    })
    await cassandra.stop({ node: 3, kill: true })
    await answered(() => made.store.putBlocks(owner, blocks))
    await cassandra.start({ node: 3 })
    const hashes = blocks.map((block) => block.hash)
    for (let i = 0; i < 6; i++) {
      const found = await answered(() => made.store.getBlocks(owner, hashes))
      assert.deepEqual(found, blocks)
    }
  })
})
