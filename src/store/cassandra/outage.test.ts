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
import { RecordKind, type Uuid } from '../../volume/record.js'
import { newUuid } from '../../volume/uuid.js'
import { BlockEncoding, type Commit, StoreUnavailable, StoreUnusable } from '../store.js'
import { openCassandraStore } from './cassandra-store.js'

const missing = await cassandraMissing()
const login = { username: 'cassandra', password: 'cassandra' }
/** A node that was away has this long to serve again. */
const backMs = 60_000

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
    const timeouts = { commitTimeoutMs: 400, readTimeoutMs: 400 }
    made = await openTestStore(cassandra.server, { ...login, ...timeouts })
    const [first] = await cassandra.pids()
    assert.ok(first)
    pid = first
  })
  after(async () => {
    try {
      await made?.close()
    } finally {
      await cassandra?.close()
    }
  })

  async function newVolume(): Promise<{ volume: Uuid; head: Head }> {
    const volume = newUuid()
    const head = firstHead()
    await made.store.firstLoad(volume, newUuid(), [], head)
    return { volume, head }
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

  async function untilAnswered<T>(
    task: () => Promise<T>,
    good: (answer: T) => boolean,
  ): Promise<T> {
    const deadline = Date.now() + backMs
    for (;;) {
      const answer = await task().catch((error: unknown) => {
        if (error instanceof StoreUnavailable) return undefined
        throw error
      })
      if (answer !== undefined && good(answer)) return answer
      assert.ok(Date.now() < deadline, 'Cassandra did not come back')
      await new Promise((resolve) => setTimeout(resolve, 100))
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
      const outcome = await untilAnswered(
        () => made.store.commit(commit),
        (answer) => answer.kind !== 'unknown',
      )
      if (outcome.kind === 'refused') assert.equal(outcome.head?.request, commit.entry.request)
      else assert.equal(outcome.kind, 'applied')
      assert.deepEqual(await made.store.readLog(volume, 0, 10), [commit.entry])
      assert.deepEqual(await made.store.readHead(volume), commit.entry.head)
      const { records } = await made.store.scan(volume, undefined, 10)
      assert.equal(records.length, 1)
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
    await untilAnswered(
      () => made.store.commit(instead),
      (answer) => answer.kind !== 'unknown',
    )
    const [entry] = await made.store.readLog(volume, 0, 10)
    const { records } = await made.store.scan(volume, undefined, 10)
    assert.equal(records.length, entry?.request === commit.entry.request ? 1 : 0)
    const late = await made.store.commit(commit)
    assert.equal(late.kind, 'refused')
    assert.equal((await made.store.scan(volume, undefined, 10)).records.length, records.length)
  })

  test('nothing reads as absent or empty while the store does not answer', async () => {
    const { store } = made
    const { volume } = await newVolume()
    const hash = '5a'.repeat(32)
    const owner = newUuid()
    const data = Buffer.alloc(9)
    await store.putBlocks(owner, [{ hash, length: 9, encoding: BlockEncoding.plain, data }])
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
        store.putBlocks(owner, [{ hash, length: 9, encoding: BlockEncoding.plain, data }]),
        store.deleteBlocks(owner, [hash], 1),
      ]
      for (const [i, answer] of (await Promise.allSettled(asked)).entries()) {
        assert.equal(answer.status, 'rejected', `request ${i}`)
        assert.ok(answer.reason instanceof StoreUnavailable, `request ${i}: ${answer.reason}`)
      }
      const entry = { id: owner, nextIno: 2 }
      assert.equal((await store.compareAndSetOwner('o', undefined, entry)).kind, 'unknown')
    })
    const [found] = await untilAnswered(
      () => store.getBlocks(owner, [hash]),
      () => true,
    )
    assert.deepEqual(found?.data, data)
  })

  test('after a crash of the node the store serves again by itself, nothing lost', async () => {
    const { volume, head } = await newVolume()
    const first = nextCommit(volume, head, 'before')
    assert.deepEqual(await made.store.commit(first), { kind: 'applied' })
    await cassandra.stop({ kill: true })
    assert.equal(
      (await made.store.commit(nextCommit(volume, first.entry.head, 'x'))).kind,
      'unknown',
    )
    await assert.rejects(made.store.readHead(volume), StoreUnavailable)
    await cassandra.start()
    const present = await untilAnswered(
      () => made.store.readHead(volume),
      () => true,
    )
    assert.deepEqual(present, first.entry.head)
    const second = nextCommit(volume, first.entry.head, 'after')
    assert.deepEqual(await made.store.commit(second), { kind: 'applied' })
  })
})
