import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createEmptyVolume, type EmptyVolume } from '../../test/simulation/empty-volume.js'
import {
  change,
  create,
  Fixture,
  isErrno,
  remote,
  type TreeReplica,
  withCalls,
} from '../../test/simulation/replica-fixture.js'
import { textOf, treeRules } from '../../test/simulation/tree-rules.js'
import { Errno } from '../posix/errno.js'
import { openLmdbStore } from '../store/lmdb/lmdb-store.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import type { Store } from '../store/store.js'
import { openReplica } from './open-replica.js'
import type { ForeignChange } from './replica.js'

const directory = mkdtempSync(join(tmpdir(), 'cassfs-replica-'))
const lmdb = await openLmdbStore({ directory })
after(async () => {
  await lmdb.close()
  rmSync(directory, { recursive: true })
})

const kinds: [string, () => Store][] = [
  ['tables of the memory engine', () => createMemoryStore()],
  ['tables in LMDB', () => lmdb],
  ['a copy of its own', () => remote(createMemoryStore())],
]

function open(store: Store, identity: EmptyVolume): Promise<TreeReplica> {
  return openReplica({ store, ...identity, rules: treeRules, processId: randomUUID() })
}

for (const [kind, openStore] of kinds) {
  test(`what one replica commits is what it shows, and what another shows (${kind})`, async () => {
    const store = openStore()
    const identity = await createEmptyVolume(store)
    const a = await open(store, identity)
    const b = await open(store, identity)
    const seen: ForeignChange[] = []
    b.onForeignChange((change) => seen.push(change))
    assert.equal(b.lookup(1, 'file'), undefined)

    const ino = await create(a, 'file')
    await change(a, { op: 'append', ino, text: 'hello' })
    assert.equal(a.lookup(1, 'file')?.ino, ino)
    assert.equal(a.head.seq, 2)
    assert.equal(a.head.usedInodes, 2)
    assert.equal(a.head.usedBytes, 5)

    await b.poll()
    assert.equal(b.lookup(1, 'file')?.ino, ino)
    const inode = b.inode(ino)
    assert.ok(inode)
    assert.equal(textOf(inode), 'hello')
    assert.deepEqual(
      seen.flatMap((change) => change.names),
      [{ parent: 1, name: 'file', before: 0, after: ino, directory: false }],
    )
    assert.ok(seen.some((change) => change.inodes.some((changed) => changed.ino === 1)))
    await a.close(1000)
    await b.close(1000)
  })

  test(`changes made at once are one entry, a failing one gets its errno alone (${kind})`, async () => {
    const store = openStore()
    const replica = await open(store, await createEmptyVolume(store))
    const ino = await replica.allocateIno()
    const first = change(replica, { op: 'create', parent: 1, name: 'a', ino, exclusive: true })
    const again = change(replica, { op: 'create', parent: 1, name: 'a', ino, exclusive: true })
    const appended = change(replica, { op: 'append', ino, text: 'x' })
    const moved = change(replica, { op: 'rename', parent: 1, name: 'a', toParent: 1, toName: 'b' })
    assert.equal(replica.lookup(1, 'a'), undefined, 'shown before it was answered')
    assert.equal(await first, ino)
    await assert.rejects(again, isErrno(Errno.EEXIST))
    assert.deepEqual(await Promise.all([appended, moved]), [ino, ino])
    assert.equal(replica.head.seq, 1)
    assert.equal(replica.lookup(1, 'a'), undefined)
    assert.equal(replica.lookup(1, 'b')?.ino, ino)
    await replica.close(1000)
  })

  test(`replicas that make one name: exactly one gets it (${kind})`, async () => {
    const store = openStore()
    const identity = await createEmptyVolume(store)
    const replicas = await Promise.all([1, 2, 3, 4].map(() => open(store, identity)))
    const inos = await Promise.all(replicas.map((replica) => replica.allocateIno()))
    assert.equal(new Set(inos).size, 4)
    const ends = await Promise.allSettled(replicas.map((replica) => create(replica, 'one')))
    assert.equal(ends.filter((end) => end.status === 'fulfilled').length, 1)
    for (const end of ends)
      if (end.status === 'rejected') assert.ok(isErrno(Errno.EEXIST)(end.reason), end.reason)
    for (const replica of replicas) await replica.close(1000)
  })

  test(`an inode with many names is one inode, wherever it is read (${kind})`, async () => {
    const store = openStore()
    const identity = await createEmptyVolume(store)
    const a = await open(store, identity)
    const ino = await create(a, 'a')
    await change(a, { op: 'link', ino, parent: 1, name: 'b' })
    await change(a, { op: 'append', ino, text: 'both' })
    await change(a, { op: 'unlink', parent: 1, name: 'a' })
    await change(a, { op: 'link', ino, parent: 1, name: 'c' })
    const b = await open(store, identity)
    for (const replica of [a, b]) {
      const inode = replica.inode(ino)
      assert.equal(inode?.nlink, 2)
      assert.equal(inode && textOf(inode), 'both')
      assert.deepEqual(
        replica.list(1, undefined, 10).map(({ name }) => name),
        ['b', 'c'],
      )
      const names = replica.names(ino).map(({ name }) => name)
      assert.deepEqual(names.sort(), ['b', 'c'])
    }
    await change(b, { op: 'unlink', parent: 1, name: 'b' })
    await change(b, { op: 'unlink', parent: 1, name: 'c' })
    assert.equal(b.inode(ino), undefined)
    assert.equal(b.head.usedInodes, 1)
    assert.equal(b.head.usedBytes, 0)
    for (const replica of [a, b]) await replica.close(1000)
  })
}

test('a volume that does not exist is ENOENT, never an empty one', async () => {
  for (const store of [createMemoryStore(), remote(createMemoryStore())]) {
    const identity = await createEmptyVolume(store)
    await assert.rejects(open(store, { ...identity, volume: randomUUID() }), isErrno(Errno.ENOENT))
  }
})

test('a store that does not answer is EIO, not "no such volume"', async () => {
  const store = withCalls(createMemoryStore(), {
    readHead: () => Promise.reject(new Error('down')),
  })
  const identity = await createEmptyVolume(createMemoryStore())
  await assert.rejects(open(store, identity), isErrno(Errno.EIO))
})

test('a copy loaded while others rename and remove is as the log says at its end', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  for (let count = 0; count < 30; count++) await fixture.wait(create(writer, `f${count}`))
  let pages = 0
  const moving = withCalls(fixture.memory, {
    tables: undefined,
    async scan(volume, after, limit) {
      const page = await fixture.memory.scan(volume, after, limit)
      const from = `f${29 - pages}`
      if (pages < 20)
        await change(writer, {
          op: 'rename',
          parent: 1,
          name: from,
          toParent: 1,
          toName: `a${pages}`,
        })
      await change(writer, { op: 'unlink', parent: 1, name: `f${pages}` }).catch(() => {})
      pages++
      return page
    },
  })
  const reader = await fixture.open(moving, { limits: { pageSize: 3 } })
  assert.ok(pages > 5)
  assert.deepEqual(reader.list(1, undefined, 100), writer.list(1, undefined, 100))
  assert.equal(reader.head.seq, writer.head.seq)
})

test('a log that expires under a load makes it begin again', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  for (let count = 0; count < 10; count++) await fixture.wait(create(writer, `f${count}`))
  let scans = 0
  const expiring = withCalls(fixture.memory, {
    tables: undefined,
    async scan(volume, after, limit) {
      const page = await fixture.memory.scan(volume, after, limit)
      if (scans++ > 0) return page
      await create(writer, 'new')
      await change(writer, { op: 'unlink', parent: 1, name: 'f0' })
      fixture.memory.expireLog(volume, writer.head.seq - 1)
      return page
    },
  })
  const reader = await fixture.open(expiring)
  assert.equal(scans, 2)
  assert.deepEqual(reader.list(1, undefined, 100), writer.list(1, undefined, 100))
})
