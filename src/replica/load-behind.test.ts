import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  change,
  create,
  Fixture,
  isErrno,
  mkdir,
  remote,
  type TreeReplica,
  withCalls,
  withoutScan,
} from '../../test/simulation/replica-fixture.js'
import { textOf } from '../../test/simulation/tree-rules.js'
import { Errno } from '../posix/errno.js'
import { StoreUnavailable } from '../store/store.js'
import { RecordKind } from '../volume/record.js'
import { NotLoaded } from './replica.js'

/** Every volume is large for these replicas. */
const limits = { wholeInodesMax: 0, pageSize: 3 }

const text = (replica: TreeReplica, ino: number): string => {
  const inode = replica.inode(ino)
  assert.ok(inode)
  return textOf(inode)
}

function isNotLoaded(directory: number): (error: unknown) => boolean {
  return (error) => error instanceof NotLoaded && error.directory === directory
}

test('what is not loaded yet is neither there nor absent until its directory is asked for', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  const dir = await fixture.wait(mkdir(writer, 'dir'))
  const file = await fixture.wait(create(writer, 'file', dir))
  await fixture.wait(change(writer, { op: 'append', ino: file, text: 'x' }))
  await fixture.wait(change(writer, { op: 'link', ino: file, parent: 1, name: 'linked' }))

  const replica = await fixture.open(withoutScan(fixture.memory), { limits })
  assert.ok(replica.isLoading)
  assert.ok(replica.inode(1))
  assert.throws(() => replica.lookup(1, 'linked'), isNotLoaded(1))
  assert.throws(() => replica.lookup(1, 'absent'), isNotLoaded(1))
  assert.throws(() => replica.list(1, undefined, 10), isNotLoaded(1))

  await fixture.wait(replica.load(new NotLoaded(1)))
  assert.equal(replica.lookup(1, 'absent'), undefined)
  assert.equal(replica.lookup(1, 'linked')?.ino, file)
  assert.equal(text(replica, file), 'x')
  assert.deepEqual(
    replica.list(1, undefined, 10).map(({ name }) => name),
    ['dir', 'linked'],
  )
  assert.throws(() => replica.list(dir, undefined, 10), isNotLoaded(dir))
  assert.ok(replica.isLoading)
})

test('a change loads what it has to look at', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  const dir = await fixture.wait(mkdir(writer, 'dir'))
  await fixture.wait(create(writer, 'taken', dir))
  const replica = await fixture.open(withoutScan(fixture.memory), { limits })
  await fixture.wait(replica.load(new NotLoaded(1)))
  await assert.rejects(fixture.wait(create(replica, 'taken', dir)), isErrno(Errno.EEXIST))
  const made = await fixture.wait(create(replica, 'new', dir))
  assert.equal(replica.lookup(dir, 'new')?.ino, made)
  await assert.rejects(
    fixture.wait(change(replica, { op: 'rmdir', parent: 1, name: 'dir' })),
    isErrno(Errno.ENOTEMPTY),
  )
})

test('a queued change that comes to what is not loaded steps aside and is done', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  const dir = await fixture.wait(mkdir(writer, 'dir'))
  await fixture.wait(create(writer, 'taken', dir))
  const replica = await fixture.open(withoutScan(fixture.memory), { limits })
  await fixture.wait(replica.load(new NotLoaded(1)))
  const done = await fixture.wait(
    Promise.allSettled([
      create(replica, 'first'),
      create(replica, 'second', dir),
      create(replica, 'taken', dir),
    ]),
  )
  assert.deepEqual(
    done.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  )
})

test('the rest is loaded behind, through pages that fail, while others go on', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  const dirs: number[] = []
  for (let count = 0; count < 6; count++) {
    const dir = await fixture.wait(mkdir(writer, `d${count}`))
    for (let file = 0; file < 4; file++) await fixture.wait(create(writer, `f${file}`, dir))
    dirs.push(dir)
  }
  let failures = 5
  let pages = 0
  const store = withCalls(remote(fixture.memory), {
    async scan(volume, after, limit) {
      if (++pages % 3 === 0 && failures-- > 0) throw new StoreUnavailable('no answer')
      const page = await fixture.memory.scan(volume, after, limit)
      await fixture.time.sleep(300)
      return page
    },
  })
  const replica = await fixture.open(store, { limits })
  assert.ok(replica.isLoading)
  assert.ok(replica.status().loading)
  for (let count = 0; count < 20; count++) {
    const dir = dirs[count % 6] as number
    await fixture.wait(create(writer, `g${count}`, dir))
    await fixture
      .wait(change(writer, { op: 'unlink', parent: dirs[(count * 5) % 6] as number, name: 'f1' }))
      .catch(() => {})
    await fixture.pass(200)
  }
  await fixture.pass(30_000)
  assert.equal(replica.isLoading, false)
  assert.equal(replica.status().loading, undefined)
  assert.equal(replica.status().reloads, 0)
  for (const dir of [1, ...dirs])
    assert.deepEqual(replica.list(dir, undefined, 100), writer.list(dir, undefined, 100))
})

test('a directory that cannot be loaded is EIO, and at once while the store does not answer', async () => {
  const fixture = await Fixture.create()
  let isDown = false
  const fail = () => Promise.reject(new StoreUnavailable('down'))
  const { memory } = fixture
  const store = withCalls(withoutScan(memory), {
    scanDirectory: (...args) => (isDown ? fail() : memory.scanDirectory(...args)),
    readLog: (...args) => (isDown ? fail() : memory.readLog(...args)),
  })
  const replica = await fixture.open(store, { limits })
  isDown = true
  await assert.rejects(fixture.wait(replica.load(new NotLoaded(1)), 1), isErrno(Errno.EIO))
  await fixture.pass(3000)
  assert.equal(replica.status().state, 'offline')
  await assert.rejects(fixture.wait(replica.load(new NotLoaded(1)), 1), isErrno(Errno.EIO))
  isDown = false
  await fixture.pass(120_000)
  await fixture.wait(replica.load(new NotLoaded(1)))
  assert.deepEqual(replica.list(1, undefined, 10), [])
})

test('a large directory goes on where its load failed, and linked inodes are read once', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  const dirs = [await fixture.wait(mkdir(writer, 'd0')), await fixture.wait(mkdir(writer, 'd1'))]
  for (let count = 0; count < 8; count++) {
    const name = `f${count}`
    const ino = await fixture.wait(create(writer, name, dirs[0]))
    await fixture.wait(change(writer, { op: 'link', ino, parent: dirs[1] as number, name }))
  }
  const pages: (string | undefined)[] = []
  let inodes = 0
  const inner = withoutScan(fixture.memory)
  const store = withCalls(inner, {
    scanDirectory(volume, parent, after, limit) {
      pages.push(after)
      if (pages.length === 2) return Promise.reject(new StoreUnavailable('no answer'))
      return fixture.memory.scanDirectory(volume, parent, after, limit)
    },
    scan(volume, after, limit) {
      if (after?.kind === RecordKind.inode) inodes++
      return inner.scan(volume, after, limit)
    },
  })
  const replica = await fixture.open(store, { limits })
  inodes = 0
  const missed = new NotLoaded(dirs[0])
  await assert.rejects(fixture.wait(replica.load(missed)), isErrno(Errno.EIO))
  await fixture.wait(replica.load(missed))
  assert.deepEqual(pages.slice(0, 4), [undefined, 'f2', 'f2', 'f5'])
  assert.equal(replica.list(dirs[0] as number, undefined, 100).length, 8)
  assert.equal(inodes, 8)
  await fixture.wait(replica.load(new NotLoaded(dirs[1])))
  assert.equal(inodes, 8)
})

test('a reload in the middle makes it whole', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  const dir = await fixture.wait(mkdir(writer, 'dir'))
  let scans = 0
  const store = withCalls(remote(fixture.memory), {
    scan(volume, after, limit) {
      // The root's record, then a page that never comes, then those of the reload.
      if (after?.kind !== RecordKind.inode && scans++ === 0) return new Promise(() => {})
      return fixture.memory.scan(volume, after, limit)
    },
  })
  const replica = await fixture.open(store, { limits })
  assert.throws(() => replica.list(1, undefined, 10), isNotLoaded(1))
  await fixture.wait(create(writer, 'a'))
  await fixture.wait(create(writer, 'b'))
  fixture.memory.expireLog(fixture.identity.volume, writer.head.seq - 1)
  await fixture.wait(replica.poll())
  assert.equal(replica.status().reloads, 1)
  assert.equal(replica.isLoading, false)
  assert.deepEqual(replica.list(1, undefined, 10), writer.list(1, undefined, 10))
  assert.deepEqual(replica.list(dir, undefined, 10), [])
})
