import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  change,
  create,
  Fixture,
  isErrno,
  mkdir,
  remote,
  type TreeReplica,
  withCalls,
} from '../../test/simulation/replica-fixture.js'
import { Errno } from '../posix/errno.js'
import { type Commit, type Store, StoreUnavailable } from '../store/store.js'
import { VolumeState } from '../volume/head.js'
import type { LogEntry } from '../volume/log-entry.js'
import type { ForeignChange } from './replica.js'

function watch(replica: TreeReplica): ForeignChange[] {
  const seen: ForeignChange[] = []
  replica.onForeignChange((one) => seen.push(one))
  return seen
}

/** Appends an entry that no replica makes. */
async function append(fixture: Fixture, change: Partial<LogEntry>): Promise<void> {
  const { volume, owner } = fixture.identity
  const head = await fixture.memory.readHead(volume)
  assert.ok(head)
  const request = crypto.randomUUID()
  const seq = head.seq + 1
  const entry: LogEntry = {
    seq,
    kind: 1,
    request,
    previousRequest: head.request,
    puts: [],
    deletes: [],
    answers: [],
    ...change,
    head: { ...head, ...change.head, seq, request },
  }
  const expect = { seq: head.seq, request: head.request }
  const commit: Commit = { volume, owner, expect, entry, begins: [], ceases: [] }
  assert.equal((await fixture.memory.commit(commit)).kind, 'applied')
}

test("another's change shows within the entry lifetime, without being asked for", async () => {
  for (const wrap of [remote, (store: Store) => store]) {
    const fixture = await Fixture.create()
    const [a, b] = [
      await fixture.open(wrap(fixture.memory)),
      await fixture.open(wrap(fixture.memory)),
    ]
    const seen = watch(b)
    const ino = await fixture.wait(create(a, 'x'))
    await fixture.pass(1000)
    assert.equal(b.lookup(1, 'x')?.ino, ino)
    assert.equal(seen.length, 1)
    const polls = b.status().polls
    await fixture.pass(10_000)
    assert.ok(b.status().polls >= polls + 10)
  }
})

test('an entry that comes before the one it follows on is waited for, not taken for a gap', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  let torn = 2
  const store = withCalls(fixture.memory, {
    tables: undefined,
    async readLog(volume, after, limit) {
      const entries = await fixture.memory.readLog(volume, after, limit)
      return entries.length > 1 && torn-- > 0 ? entries.slice(1) : entries
    },
  })
  const replica = await fixture.open(store)
  await fixture.wait(create(writer, 'a'))
  await fixture.wait(create(writer, 'b'))
  await fixture.wait(replica.poll())
  assert.equal(replica.head.seq, 2)
  assert.equal(replica.status().reloads, 0)
})

test('entries that have expired mean a reload, and it tells everything that changed', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  const dir = await fixture.wait(mkdir(writer, 'dir'))
  const kept = await fixture.wait(create(writer, 'kept'))
  const gone = await fixture.wait(create(writer, 'gone'))
  const replica = await fixture.open()
  const seen = watch(replica)
  await fixture.wait(change(writer, { op: 'append', ino: kept, text: 'new' }))
  await fixture.wait(change(writer, { op: 'unlink', parent: 1, name: 'gone' }))
  await fixture.wait(
    change(writer, { op: 'rename', parent: 1, name: 'dir', toParent: 1, toName: 'moved' }),
  )
  const added = await fixture.wait(create(writer, 'added', dir))
  fixture.memory.expireLog(fixture.identity.volume, writer.head.seq)
  // The log is empty now: only the head tells that something is missing.
  await fixture.pass(1000)
  assert.equal(replica.head.seq, 3)
  await fixture.wait(create(writer, 'last'))
  await fixture.wait(replica.poll())
  assert.equal(replica.head.seq, writer.head.seq)
  const [one] = seen
  assert.equal(seen.length, 1)
  assert.equal(one?.reloaded, true)
  const names = one?.names.map(({ parent, name, before, after, directory }) =>
    [parent, name, before, after, directory].join(' '),
  )
  const last = writer.lookup(1, 'last')?.ino
  assert.deepEqual(
    names?.sort(),
    [
      `1 dir ${dir} 0 true`,
      `1 gone ${gone} 0 false`,
      `1 last 0 ${last} false`,
      `1 moved 0 ${dir} true`,
      `${dir} added 0 ${added} false`,
    ].sort(),
  )
  assert.deepEqual(
    one?.removed.map(({ ino }) => ino),
    [gone],
  )
  const changed = new Map(one?.inodes.map(({ ino, content }) => [ino, content]))
  assert.equal(changed.get(kept), true)
  assert.equal(changed.get(dir), false)
})

test('after a minute without contact the head is read: an empty log proves nothing', async () => {
  const fixture = await Fixture.create()
  const replica = await fixture.open()
  fixture.clock.stop(true)
  await append(fixture, {})
  await append(fixture, {})
  fixture.memory.expireLog(fixture.identity.volume, 2)
  await fixture.wait(fixture.time.sleep(61_000))
  fixture.clock.goOn()
  await fixture.wait(Promise.resolve(replica.ready()))
  assert.equal(replica.head.seq, 2)
  assert.equal(replica.status().reloads, 1)
})

test('a log that does not continue ours is another volume: reload, and new inode numbers', async () => {
  const fixture = await Fixture.create()
  const { volume, owner, ownerName } = fixture.identity
  const beginning = await fixture.memory.scan(volume, undefined, 10)
  const head = await fixture.memory.readHead(volume)
  assert.ok(head)
  let memory = fixture.memory
  const store = withCalls(remote(fixture.memory), {
    readHead: (id) => memory.readHead(id),
    readLog: (...args) => memory.readLog(...args),
    scan: (...args) => memory.scan(...args),
    commit: (commit) => memory.commit(commit),
    readOwner: (name) => memory.readOwner(name),
    compareAndSetOwner: (...args) => memory.compareAndSetOwner(...args),
  })
  const replica = await fixture.open(store)
  const seen = watch(replica)
  for (let count = 0; count < 5; count++) await fixture.wait(create(replica, `old${count}`))
  const highest = replica.lookup(1, 'old4')?.ino ?? 0

  // A backup from before all this, in which somebody else has gone on further than we were.
  const restored = new Fixture().memory
  await restored.compareAndSetOwner(ownerName, undefined, { id: owner, nextIno: 2 })
  await restored.firstLoad(volume, owner, [beginning.records], head)
  memory = restored
  const other = new Fixture()
  other.identity = fixture.identity
  const theirs = await other.open(remote(restored))
  for (let count = 0; count < 7; count++) await other.wait(create(theirs, `new${count}`))

  await fixture.wait(replica.poll())
  assert.deepEqual(replica.list(1, undefined, 100), theirs.list(1, undefined, 100))
  assert.equal(seen[0]?.reloaded, true)
  assert.equal(seen[0]?.names.length, 12)
  const ino = await fixture.wait(Promise.resolve(replica.allocateIno()))
  assert.ok(ino > highest)
  const owned = await restored.readOwner(ownerName)
  assert.ok((owned?.nextIno ?? 0) > highest)
})

test('a frozen volume refuses changes with EROFS, one being deleted with ESTALE; reads go on', async () => {
  const chmod = { op: 'chmod', ino: 1, mode: 0o600, at } as const
  for (const [state, errno] of [
    [VolumeState.frozen, Errno.EROFS],
    [VolumeState.deleting, Errno.ESTALE],
  ] as const) {
    const other = await Fixture.create()
    const opened = await other.open()
    await append(other, { kind: 7, head: { ...opened.head, state } })
    await other.wait(opened.poll())
    assert.equal(opened.status().state, 'frozen')
    assert.throws(() => opened.change(chmod), isErrno(errno))
    assert.equal(opened.inode(1)?.ino, 1)
  }
})

test('an entry of an unknown kind is followed, but nothing is changed any more', async () => {
  const fixture = await Fixture.create()
  const errors: string[] = []
  const replica = await fixture.open(undefined, {
    logger: {
      info() {},
      warn() {},
      error: (_message, fields) => errors.push(String(fields?.reason)),
    },
  })
  const ino = await fixture.wait(create(replica, 'a'))
  await append(fixture, { kind: 200 as never })
  await fixture.wait(replica.poll())
  assert.equal(replica.head.seq, 2)
  assert.equal(replica.status().state, 'frozen')
  const chmod = { op: 'chmod', ino, mode: 0o600, at } as const
  assert.throws(() => replica.change(chmod), isErrno(Errno.EROFS))
  assert.equal(errors.length, 1)
  assert.match(errors[0] ?? '', /entry 2 .* kind 200/)
})

test('without requests following slows down, after telling so; the next request polls first', async () => {
  const fixture = await Fixture.create()
  let idles = 0
  let isBusy = true
  const replica = await fixture.open(undefined, {
    onIdle: () => idles++,
    isBusy: () => isBusy,
  })
  const writer = await fixture.open()
  await fixture.pass(60_000)
  assert.equal(idles, 0)
  isBusy = false
  await fixture.pass(300_000)
  assert.equal(idles, 1)
  const polls = replica.status().polls
  await fixture.pass(300_000)
  assert.ok(replica.status().polls - polls <= 6)
  const ino = await fixture.wait(create(writer, 'x'))
  const ready = replica.ready()
  assert.ok(ready)
  await fixture.wait(ready)
  assert.equal(replica.lookup(1, 'x')?.ino, ino)
  assert.equal(replica.ready(), undefined)
  await fixture.pass(10_000)
  assert.ok(replica.status().polls - polls > 10)
})

test('whoever asks for a poll gets one that begins after he asked', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  let reads = 0
  const store = withCalls(fixture.memory, {
    tables: undefined,
    async readLog(volume, after, limit) {
      reads++
      const entries = await fixture.memory.readLog(volume, after, limit)
      await fixture.time.sleep(100)
      return entries
    },
  })
  const replica = await fixture.open(store)
  reads = 0
  const first = replica.poll()
  await fixture.pass(10)
  const ino = await fixture.wait(create(writer, 'x'))
  const [second, third] = [replica.poll(), replica.poll()]
  await fixture.wait(first)
  assert.equal(replica.lookup(1, 'x'), undefined)
  await fixture.wait(Promise.all([second, third]))
  assert.equal(replica.lookup(1, 'x')?.ino, ino)
  assert.equal(reads, 2)
})

test('a listing of the log that fails is EIO for who asked, and nothing is taken for gone', async () => {
  const fixture = await Fixture.create()
  const store = withCalls(fixture.memory, {
    tables: undefined,
    readLog: async () => {
      throw new StoreUnavailable('down')
    },
  })
  const replica = await fixture.open(store)
  await assert.rejects(fixture.wait(replica.poll()), isErrno(Errno.EIO))
  assert.equal(replica.inode(1)?.ino, 1)
})
