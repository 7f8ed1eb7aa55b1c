import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createEmptyVolume, type EmptyVolume } from '../../test/simulation/empty-volume.js'
import {
  type TimedIntent,
  type TreeIntent,
  textOf,
  treeRules,
} from '../../test/simulation/tree-rules.js'
import { Errno, FsError } from '../posix/errno.js'
import { openLmdbStore } from '../store/lmdb/lmdb-store.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import type { Store } from '../store/store.js'
import { openReplica } from './open-replica.js'
import type { ForeignChange, Replica } from './replica.js'
import type { ReplicaOptions } from './replica-options.js'

const at = { sec: 1000, nsec: 0 }
type TreeReplica = Replica<TimedIntent>

/** A store whose records are not in this process: what Cassandra looks like from above. */
function remote(store: Store): Store {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'tables') return undefined
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

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

function open(
  store: Store,
  identity: EmptyVolume,
  options: Partial<ReplicaOptions<TimedIntent>> = {},
): Promise<TreeReplica> {
  return openReplica({ store, ...identity, rules: treeRules, processId: randomUUID(), ...options })
}

async function change(replica: TreeReplica, intent: TreeIntent): Promise<number> {
  return (await replica.change({ ...intent, at })) as number
}

async function create(replica: TreeReplica, name: string, parent = 1): Promise<number> {
  const ino = await replica.allocateIno()
  return change(replica, { op: 'create', parent, name, ino, exclusive: true })
}

function isErrno(errno: number): (error: unknown) => boolean {
  return (error) => error instanceof FsError && error.errno === errno
}

for (const [kind, openStore] of kinds) {
  test(`what one replica commits is what it shows, and what another shows (${kind})`, async () => {
    const store = openStore()
    const identity = await createEmptyVolume(store)
    const a = await open(store, identity)
    const b = await open(store, identity)
    const seen: ForeignChange[] = []
    b.onForeignChange((change) => seen.push(change))

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

  test(`changes made at once go in one entry, a failing one gets its errno alone (${kind})`, async () => {
    const store = openStore()
    const identity = await createEmptyVolume(store)
    const replica = await open(store, identity)
    const ino = await replica.allocateIno()
    const seqBefore = replica.head.seq
    const first = change(replica, { op: 'create', parent: 1, name: 'a', ino, exclusive: true })
    const again = change(replica, { op: 'create', parent: 1, name: 'a', ino, exclusive: true })
    const appended = change(replica, { op: 'append', ino, text: 'x' })
    const moved = change(replica, { op: 'rename', parent: 1, name: 'a', toParent: 1, toName: 'b' })
    assert.equal(replica.lookup(1, 'a'), undefined, 'shown before it was answered')
    assert.equal(await first, ino)
    await assert.rejects(again, isErrno(Errno.EEXIST))
    assert.deepEqual(await Promise.all([appended, moved]), [ino, ino])
    assert.equal(replica.head.seq, seqBefore + 1)
    assert.equal(replica.lookup(1, 'a'), undefined)
    assert.equal(replica.lookup(1, 'b')?.ino, ino)
    await replica.close(1000)
  })

  test(`two replicas that make one name: exactly one gets it (${kind})`, async () => {
    const store = openStore()
    const identity = await createEmptyVolume(store)
    const replicas = await Promise.all([1, 2, 3, 4].map(() => open(store, identity)))
    const inos = await Promise.all(replicas.map((replica) => replica.allocateIno()))
    assert.equal(new Set(inos).size, 4)
    const ends = await Promise.allSettled(replicas.map((replica) => create(replica, 'one')))
    const winners = ends.filter((end) => end.status === 'fulfilled')
    assert.equal(winners.length, 1)
    for (const end of ends)
      if (end.status === 'rejected') assert.ok(isErrno(Errno.EEXIST)(end.reason), end.reason)
    for (const replica of replicas) await replica.close(1000)
  })
}

test('a volume that does not exist is ENOENT, never an empty one', async () => {
  const store = createMemoryStore()
  const identity = await createEmptyVolume(store)
  await assert.rejects(open(store, { ...identity, volume: randomUUID() }), isErrno(Errno.ENOENT))
})
