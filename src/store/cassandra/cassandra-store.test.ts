import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { types } from 'cassandra-driver'
import {
  cassandraMissing,
  openTestCassandra,
  type TestCassandra,
} from '../../../test/support/cassandra.js'
import { openTestStore, type TestStore } from '../../../test/support/cassandra-store.js'
import { Errno, FsError } from '../../posix/errno.js'
import type { Head } from '../../volume/head.js'
import { EntryKind } from '../../volume/log-entry.js'
import { type Key, RecordKind, type Uuid, type VolumeRecord } from '../../volume/record.js'
import { newUuid } from '../../volume/uuid.js'
import { BlockEncoding, type Commit, type StoredBlock } from '../store.js'

const missing = await cassandraMissing()
const owner = newUuid()

const emptyHead: Head = {
  seq: 0,
  request: newUuid(),
  state: 1,
  usedBytes: 0,
  usedInodes: 1,
  quotaBytes: 0,
  quotaInodes: 0,
}

function journal(name: string, value = 'x'): VolumeRecord {
  return { kind: RecordKind.journal, parent: 0, name, value: Buffer.from(value) }
}

/** A dirent that begins with its inode number, as every dirent does. */
function dirent(parent: number, name: string): VolumeRecord {
  return { kind: RecordKind.dirent, parent, name, value: Buffer.from([5, 8]) }
}

function next(
  volume: Uuid,
  head: Head,
  puts: readonly VolumeRecord[],
  deletes: readonly Key[] = [],
  changed: Partial<Head> = {},
): Commit {
  const request = newUuid()
  const seq = head.seq + 1
  return {
    volume,
    owner,
    expect: head,
    begins: [],
    ceases: [],
    entry: {
      seq,
      kind: EntryKind.change,
      request,
      previousRequest: head.request,
      head: { ...head, ...changed, seq, request },
      puts,
      deletes,
      answers: [],
    },
  }
}

function block(fill: number, length = 100): StoredBlock {
  const hash = Buffer.alloc(32, fill).toString('hex')
  return { hash, length, encoding: BlockEncoding.plain, data: Buffer.alloc(length, fill) }
}

describe('the Cassandra engine', { skip: missing ?? false }, () => {
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

  async function newVolume(records: readonly VolumeRecord[] = []): Promise<Uuid> {
    const volume = newUuid()
    await test1.store.firstLoad(volume, owner, [records], emptyHead)
    return volume
  }

  async function requestsOf<T>(task: () => Promise<T>): Promise<{ count: number; result: T }> {
    await task().catch(() => undefined) // statements are prepared at first use
    test1.traces.length = 0
    const result = await task()
    return { count: test1.traces.length, result }
  }

  test('a commit, a poll, a head, a page, a block are one request each', async () => {
    const { store } = test1
    const volume = await newVolume([journal('a')])
    const commit = next(volume, emptyHead, [journal('b')], [journal('a')])
    const counted = await requestsOf(() => store.commit(commit))
    assert.equal(counted.count, 1)
    assert.equal(counted.result.kind, 'refused') // the first one was applied
    assert.equal(test1.traces[0]?.statements.length, 4)
    assert.equal((await requestsOf(() => store.readLog(volume, 1, 100))).count, 1)
    assert.equal((await requestsOf(() => store.readHead(volume))).count, 1)
    assert.equal((await requestsOf(() => store.scan(volume, undefined, 100))).count, 1)
    assert.equal((await requestsOf(() => store.scanDirectory(volume, 1, undefined, 9))).count, 1)
    assert.equal((await requestsOf(() => store.putBlocks(owner, [block(1)]))).count, 1)
    const hit = await requestsOf(() => store.getBlocks(owner, [block(1).hash]))
    assert.equal(hit.count, 1)
    assert.deepEqual(hit.result, [block(1)])
  })

  test('the head row holds the whole head, its lease included, and its columns agree', async () => {
    const volume = await newVolume()
    const lease = { holder: newUuid(), journal: newUuid(), grantSeq: 1, recallSeq: 2 ** 52 }
    const sizes = { usedBytes: 2 ** 53 - 1, usedInodes: 2 ** 33, quotaBytes: 7, quotaInodes: 8 }
    const commit = next(volume, emptyHead, [], [], { ...sizes, lease })
    assert.deepEqual(await test1.store.commit(commit), { kind: 'applied' })
    assert.deepEqual(await test1.store.readHead(volume), commit.entry.head)
    const query = 'SELECT seq, st, ub, ui, qb, qi, req FROM ns WHERE vol = ? AND shard = 0 LIMIT 1'
    const row = (await test1.client.execute(query, [volume])).first()
    assert.deepEqual(JSON.parse(JSON.stringify(row)), {
      seq: '1',
      st: 1,
      ub: String(2 ** 53 - 1),
      ui: String(2 ** 33),
      qb: '7',
      qi: '8',
      req: commit.entry.request,
    })
  })

  test('a commit to a volume without a head is refused and leaves nothing', async () => {
    const volume = newUuid()
    const outcome = await test1.store.commit(next(volume, emptyHead, [journal('a')]))
    assert.deepEqual(outcome, { kind: 'refused', head: undefined })
    const rows = await test1.client.execute('SELECT k FROM ns WHERE vol = ? AND shard = 0', [
      volume,
    ])
    assert.equal(rows.rowLength, 0)
  })

  test('log entries live seven days, records for ever', async () => {
    const volume = await newVolume()
    await test1.store.commit(next(volume, emptyHead, [journal('a')]))
    const query = 'SELECT k, TTL(a) AS ttl FROM ns WHERE vol = ? AND shard = 0'
    const { rows } = await test1.client.execute(query, [volume])
    const ttls = new Map(rows.map((row) => [row.k, row.ttl]))
    assert.deepEqual([...ttls.keys()], [0, 3, 9])
    assert.equal(ttls.get(0), null)
    assert.equal(ttls.get(3), null)
    assert.ok(ttls.get(9) > 7 * 86400 - 600 && ttls.get(9) <= 7 * 86400)
  })

  test('names of any bytes are kept and listed in the order of their bytes', async () => {
    const single = Array.from({ length: 255 }, (_, i) => String.fromCharCode(i + 1))
    const names = [
      ...single,
      '\xff'.repeat(255),
      '\x01'.repeat(255),
      'a\xc3\x28',
      "';--",
      'ab',
      'a b',
    ]
    const volume = await newVolume()
    const commit = next(
      volume,
      emptyHead,
      names.map((name) => dirent(9, name)),
    )
    assert.equal((await test1.store.commit(commit)).kind, 'applied')
    const { records } = await test1.store.scanDirectory(volume, 9, undefined, 1000)
    assert.deepEqual(
      records.map((record) => record.name),
      [...names].sort((a, b) => (a < b ? -1 : 1)),
    )
    const [entry] = await test1.store.readLog(volume, 0, 10)
    assert.deepEqual(entry, commit.entry)
  })

  test('a scan of more rows than one answer holds misses none', async () => {
    const names = Array.from({ length: 12_000 }, (_, i) => `n${String(i).padStart(5, '0')}`)
    const volume = await newVolume(names.map((name) => dirent(9, name)))
    test1.traces.length = 0
    const whole = await test1.store.scan(volume, undefined, 20_000)
    assert.deepEqual(
      whole.records.map((record) => record.name),
      names,
    )
    assert.equal(whole.after, undefined)
    assert.ok(test1.traces.length >= 3)
  })

  test('a first load that arrives late does not bring back what was removed', async () => {
    const volume = await newVolume([journal('a')])
    const writeTime = 'SELECT WRITETIME(a) AS w FROM ns WHERE vol = ? AND shard = 0 AND k = 3'
    assert.equal(String((await test1.client.execute(writeTime, [volume])).first()?.w), '1')
    await test1.store.commit(next(volume, emptyHead, [], [journal('a')]))
    const late =
      'INSERT INTO ns (vol, shard, k, p, n, a) VALUES (?, 0, 3, 0, ?, ?) USING TIMESTAMP 1'
    await test1.client.execute(late, [volume, Buffer.from('a'), Buffer.from('x')])
    assert.deepEqual((await test1.store.scan(volume, undefined, 10)).records, [])
  })

  test('a first load of a volume that exists is EEXIST and changes nothing', async () => {
    const volume = await newVolume([journal('a')])
    await assert.rejects(
      test1.store.firstLoad(volume, owner, [[journal('b')]], { ...emptyHead, request: newUuid() }),
      (error: unknown) => error instanceof FsError && error.errno === Errno.EEXIST,
    )
    const { records } = await test1.store.scan(volume, undefined, 10)
    assert.deepEqual(
      records.map((record) => record.name),
      ['a'],
    )
    assert.equal((await test1.store.readHead(volume))?.request, emptyHead.request)
  })

  test('a first load whose records end in an error leaves no volume', async () => {
    const volume = newUuid()
    async function* records() {
      yield [journal('a')]
      throw new Error('the source is gone')
    }
    await assert.rejects(
      test1.store.firstLoad(volume, owner, records(), emptyHead),
      /source is gone/,
    )
    assert.equal(await test1.store.readHead(volume), undefined)
  })

  test('a slice that Cassandra refuses for its tombstones is read all the same', async () => {
    const dead = Array.from({ length: 110_000 }, (_, i) => `dead-${String(i).padStart(7, '0')}`)
    const alive = ['aaa', 'dead-0054321x', 'zzz'].map((name) => dirent(9, name))
    const volume = await newVolume([...alive, dirent(10, 'next'), journal('j')])
    const query = 'DELETE FROM ns WHERE vol = ? AND shard = 0 AND k = 1 AND p = 9 AND n = ?'
    const consistency = types.consistencies.localQuorum
    for (let at = 0; at < dead.length; at += 1000)
      await test1.client.batch(
        dead.slice(at, at + 1000).map((name) => ({ query, params: [volume, Buffer.from(name)] })),
        { prepare: true, logged: false, consistency },
      )
    test1.traces.length = 0
    const whole = await test1.store.scan(volume, undefined, 100)
    assert.ok(test1.traces.some((trace) => /failure/i.test(String(trace.error))))
    assert.deepEqual(
      whole.records.map((record) => record.name),
      ['aaa', 'dead-0054321x', 'zzz', 'next', 'j'],
    )
    const page = await test1.store.scan(volume, whole.records[0], 1)
    assert.deepEqual(page.records, [whole.records[1]])
  })
})
