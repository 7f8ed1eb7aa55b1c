import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '../store/memory/memory-store.js'
import type { Store } from '../store/store.js'
import { VolumeState } from '../volume/head.js'
import { rootIno } from '../volume/inode.js'
import { decodeInode } from '../volume/inode-codec.js'
import { createEnvironment } from './create-environment.js'
import { deleteEnvironment } from './delete-environment.js'
import { listEnvironments } from './list-environments.js'
import { openEnvironment, UnknownEnvironment } from './open-environment.js'

const asRoot = { uid: 0, gid: 0 }

/** The store with some of its methods replaced. */
function withMethods(store: Store, methods: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, property) {
      const own = (methods as Record<PropertyKey, unknown>)[property]
      const value = own ?? Reflect.get(target, property)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

test('a new environment is a live volume with a root directory of its creator', async () => {
  const store = new MemoryStore()
  const made = await createEnvironment(store, 'shop', 'staging', { uid: 33, gid: 34 })
  const head = await store.readHead(made.volume)
  assert.equal(head?.state, VolumeState.live)
  assert.equal(head?.usedInodes, 1)
  const { records } = await store.scan(made.volume, undefined, 10)
  assert.equal(records.length, 1)
  const root = decodeInode(rootIno, records[0]?.value ?? new Uint8Array())
  assert.deepEqual([root.uid, root.gid, root.mode, root.nlink], [33, 34, 0o40755, 2])
  assert.deepEqual(await openEnvironment(store, 'shop', 'staging', undefined), made)
})

test('an unknown environment is refused with the names that exist', async () => {
  const store = new MemoryStore()
  await createEnvironment(store, '1', 'prod', asRoot)
  await assert.rejects(openEnvironment(store, '1', 'prd', undefined), (error) => {
    assert.ok(error instanceof UnknownEnvironment)
    assert.deepEqual(error.known, ['prod'])
    return true
  })
})

test('two who open a missing environment at once get the same volume', async () => {
  const store = new MemoryStore()
  const [a, b] = await Promise.all([
    openEnvironment(store, '1', 'prod', asRoot),
    openEnvironment(store, '1', 'prod', asRoot),
  ])
  assert.deepEqual(a, b)
  assert.equal((await store.listEnvironments('1')).length, 1)
})

test('creating what exists is refused', async () => {
  const store = new MemoryStore()
  await createEnvironment(store, '1', 'prod', asRoot)
  await assert.rejects(createEnvironment(store, '1', 'prod', asRoot), { code: 'EEXIST' })
})

test('a name that a dead creator left loading is taken over with a volume of its own', async () => {
  const store = new MemoryStore()
  const abandoned = { volume: 'dead', state: VolumeState.loading, homeDataCenter: '', createdMs: 0 }
  await store.compareAndSetEnvironment('1', 'prod', undefined, abandoned)
  const opened = await openEnvironment(store, '1', 'prod', asRoot)
  assert.notEqual(opened.volume, 'dead')
  assert.equal((await store.readEnvironment('1', 'prod'))?.volume, opened.volume)
})

test('an unknown outcome of the registry is decided by what it then says', async () => {
  const store = new MemoryStore()
  let times = 0
  const shaky = withMethods(store, {
    async compareAndSetEnvironment(owner, environment, expect, next) {
      await store.compareAndSetEnvironment(owner, environment, expect, next)
      times++
      return { kind: 'unknown', cause: new Error('timed out') }
    },
  })
  const made = await createEnvironment(shaky, '1', 'prod', asRoot)
  assert.equal(times, 2)
  assert.equal((await store.readEnvironment('1', 'prod'))?.volume, made.volume)
  assert.equal((await store.readEnvironment('1', 'prod'))?.state, VolumeState.live)
})

test('a registry that never answers is EIO, not an environment', async () => {
  const silent = withMethods(new MemoryStore(), {
    compareAndSetEnvironment: async () => ({ kind: 'unknown', cause: new Error('timed out') }),
  })
  await assert.rejects(createEnvironment(silent, '1', 'prod', asRoot), { code: 'EIO' })
})

test('names are checked', async () => {
  const store = new MemoryStore()
  for (const name of ['', 'a@b', '-x', 'a/b', 'x'.repeat(64)])
    await assert.rejects(createEnvironment(store, '1', name, asRoot), { code: 'EINVAL' }, name)
})

test('deleting closes the volume for good, frees the name, and gives its blocks back', async () => {
  const store = new MemoryStore()
  const { volume } = await createEnvironment(store, '1', 'old', asRoot)
  await deleteEnvironment(store, '1', 'old')
  assert.equal((await store.readHead(volume))?.state, VolumeState.deleting)
  assert.deepEqual((await store.scan(volume, undefined, 10)).records, [])
  assert.deepEqual(await store.listEnvironments('1'), [])
  const again = await createEnvironment(store, '1', 'old', asRoot)
  assert.notEqual(again.volume, volume)
})

test('an environment in use is not deleted', async () => {
  const store = new MemoryStore()
  const { volume } = await createEnvironment(store, '1', 'prod', asRoot)
  const session = { key: `session/${volume}/p`, holder: 'p', value: '{"seq":0,"pins":[]}' }
  await store.acquireLease(session, 60_000)
  await assert.rejects(deleteEnvironment(store, '1', 'prod'), { code: 'EBUSY' })
  await store.releaseLease(session.key, 'p')
  await deleteEnvironment(store, '1', 'prod')
})

test('a list tells state, use and sessions, in order of names', async () => {
  const store = new MemoryStore()
  await createEnvironment(store, '1', 'staging', asRoot)
  await createEnvironment(store, '1', 'prod', asRoot)
  const listed = await listEnvironments(store, '1')
  assert.deepEqual(
    listed.map(({ environment, state, usedInodes, sessions }) => [
      environment,
      state,
      usedInodes,
      sessions,
    ]),
    [
      ['prod', 'live', 1, 0],
      ['staging', 'live', 1, 0],
    ],
  )
})
