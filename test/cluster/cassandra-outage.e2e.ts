import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openCassandraStore } from '../../src/store/cassandra/cassandra-store.js'
import {
  BlockEncoding,
  type Commit,
  type CommitOutcome,
  StoreUnavailable,
  StoreUnusable,
} from '../../src/store/store.js'
import type { Head } from '../../src/volume/head.js'
import { EntryKind } from '../../src/volume/log-entry.js'
import { RecordKind, type Uuid } from '../../src/volume/record.js'
import { newUuid } from '../../src/volume/uuid.js'
import { cassandraMissing, openTestCassandra, type TestCassandra } from '../support/cassandra.js'
import { openTestStore, type TestStore } from '../support/cassandra-store.js'

const missing = await cassandraMissing()
const login = { username: 'cassandra', password: 'cassandra' }
/** A node that was away has this long to serve again. */
const backMs = 60_000

/** A new node makes its first user a moment after it serves. */
async function untilLogin<T>(open: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + backMs
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!/login/.test(String(error)) || Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

function firstHead(): Head {
  const sizes = { usedBytes: 0, usedInodes: 1, quotaBytes: 0, quotaInodes: 0 }
  return { seq: 0, request: newUuid(), state: 1, ...sizes }
}

function nextCommit(volume: Uuid, head: Head, name: string): Commit {
  const request = newUuid()
  const seq = head.seq + 1
  const puts = [{ kind: RecordKind.journal, parent: 0, name, value: Buffer.from(name) }]
  const chain = { seq, request, previousRequest: head.request }
  const kind = EntryKind.change
  const entry = { ...chain, kind, head: { ...head, seq, request }, puts, deletes: [], answers: [] }
  return { volume, owner: newUuid(), expect: head, entry, begins: [], ceases: [] }
}

describe('an outage of Cassandra', { skip: missing ?? false }, () => {
  let cassandra: TestCassandra
  let made: TestStore
  let pid: number

  before(async () => {
    cassandra = await openTestCassandra({ own: true, auth: true, paxos: 'v2' })
    const timeouts = { commitTimeoutMs: 1000, readTimeoutMs: 1000 }
    try {
      made = await untilLogin(() => openTestStore(cassandra.server, { ...login, ...timeouts }))
      const [first] = await cassandra.pids()
      assert.ok(first)
      pid = first
    } catch (error) {
      await cassandra.close() // after a failed before, no after is run
      throw error
    }
  })
  after(async () => {
    try {
      await made?.close({ keep: true })
    } finally {
      await cassandra?.close()
    }
    // The driver forgets to stop the timers of hosts that it met before an outage: they would keep
    // this process alive for ever.
    setTimeout(() => process.exit(), 2000).unref()
  })

  /** A busy machine is slow, too: what is to be answered is asked for until it is. */
  async function answered<T>(task: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + backMs
    for (;;) {
      try {
        return await task()
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || Date.now() > deadline) throw error
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  /** The identical commit again until its outcome is known. */
  function settled(commit: Commit): Promise<CommitOutcome> {
    return answered(async () => {
      const outcome = await made.store.commit(commit)
      if (outcome.kind === 'unknown') throw new StoreUnavailable('unknown')
      return outcome
    })
  }

  function newVolume(): Promise<{ volume: Uuid; head: Head }> {
    return answered(async () => {
      const volume = newUuid()
      const head = firstHead()
      await made.store.firstLoad(volume, newUuid(), [], head)
      return { volume, head }
    })
  }

  /** The log, the head and the number of records. */
  async function stateOf(volume: Uuid) {
    const log = await answered(() => made.store.readLog(volume, 0, 10))
    const head = await answered(() => made.store.readHead(volume))
    const { records } = await answered(() => made.store.scan(volume, undefined, 10))
    return { log, head, records: records.length }
  }

  /** Whatever happens, the node runs on afterwards. */
  async function whileStopped(task: () => Promise<void>): Promise<void> {
    process.kill(pid, 'SIGSTOP')
    try {
      await task()
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  }

  test('a login is asked for, and a wrong one refused, each with what to check', async () => {
    const { username: _, password: __, ...anonymous } = made.options
    const refused = (pattern: RegExp) => (error: unknown) => {
      assert.ok(error instanceof StoreUnusable, String(error))
      assert.match(error.message, pattern)
      assert.doesNotMatch(error.message, /wrong-secret/)
      return true
    }
    await assert.rejects(openCassandraStore(anonymous), refused(/give username and password/))
    await assert.rejects(
      openCassandraStore({ ...made.options, password: 'wrong-secret' }),
      refused(/login of "cassandra": check username and password/),
    )
  })

  test('a commit to a paused node is unknown; the identical one, sent again, decides it', async () => {
    for (let round = 0; round < 3; round++) {
      const { volume, head } = await newVolume()
      const commit = nextCommit(volume, head, 'a')
      await whileStopped(async () => {
        for (let attempt = 0; attempt < 2; attempt++)
          assert.equal((await made.store.commit(commit)).kind, 'unknown')
      })
      const outcome = await settled(commit)
      if (outcome.kind === 'refused') assert.equal(outcome.head?.request, commit.entry.request)
      else assert.equal(outcome.kind, 'applied')
      const { entry } = commit
      assert.deepEqual(await stateOf(volume), { log: [entry], head: entry.head, records: 1 })
    }
  })

  test('a void entry sent in place of an unknown commit decides it once and for all', async () => {
    const { volume, head } = await newVolume()
    const commit = nextCommit(volume, head, 'ghost')
    await whileStopped(async () => {
      assert.equal((await made.store.commit(commit)).kind, 'unknown')
    })
    const plain = nextCommit(volume, head, 'unused')
    const instead = { ...plain, entry: { ...plain.entry, kind: EntryKind.void, puts: [] } }
    await settled(instead)
    const decided = await stateOf(volume)
    const ours = decided.log[0]?.request === commit.entry.request
    assert.equal(decided.records, ours ? 1 : 0)
    assert.equal((await settled(commit)).kind, 'refused')
    assert.deepEqual(await stateOf(volume), decided)
  })

  test('nothing reads as absent or empty while the store does not answer', async () => {
    const { store } = made
    const { volume } = await newVolume()
    const hash = '5a'.repeat(32)
    const owner = newUuid()
    const data = Buffer.alloc(9)
    const block = { hash, length: 9, encoding: BlockEncoding.plain, data }
    await answered(() => store.putBlocks(owner, [block]))
    await whileStopped(async () => {
      const asked = [
        store.readHead(volume),
        store.readLog(volume, 0, 10),
        store.scan(volume, undefined, 10),
        store.scanDirectory(volume, 1, undefined, 10),
        store.getBlocks(owner, [hash, 'ff'.repeat(32)]),
        store.listBlocks(owner, undefined, 10),
        store.readOwner('x'),
        store.readEnvironment('x', 'y'),
        store.listEnvironments('x'),
        store.listLeases('session/'),
        store.acquireLease({ key: 'gc/x', holder: owner, value: '' }, 1000),
        store.clockMs(),
        store.firstLoad(newUuid(), owner, [], firstHead()),
        store.putBlocks(owner, [block]),
        store.deleteBlocks(owner, [hash], 1),
      ]
      for (const [i, answer] of (await Promise.allSettled(asked)).entries()) {
        assert.equal(answer.status, 'rejected', `request ${i}`)
        assert.ok(answer.reason instanceof StoreUnavailable, `request ${i}: ${answer.reason}`)
      }
      const entry = { id: owner, nextIno: 2 }
      assert.equal((await store.compareAndSetOwner('o', undefined, entry)).kind, 'unknown')
    })
    const [found] = await answered(() => store.getBlocks(owner, [hash]))
    assert.deepEqual(found?.data, data)
  })

  test('after a crash of the node the store serves again by itself, nothing lost', async () => {
    const { volume, head } = await newVolume()
    const first = nextCommit(volume, head, 'before')
    await settled(first)
    await cassandra.stop({ kill: true })
    const late = nextCommit(volume, first.entry.head, 'x')
    assert.equal((await made.store.commit(late)).kind, 'unknown')
    await assert.rejects(made.store.readHead(volume), StoreUnavailable)
    await cassandra.start()
    const { entry } = first
    assert.deepEqual(await stateOf(volume), { log: [entry], head: entry.head, records: 1 })
    await settled(nextCommit(volume, entry.head, 'after'))
    assert.equal((await stateOf(volume)).records, 2)
  })
})
