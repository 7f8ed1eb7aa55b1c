import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEmptyVolume } from '../../test/simulation/empty-volume.js'
import {
  close,
  isErrno,
  openTestVfs,
  readAll,
  readFile,
  root,
  withVfs,
} from '../../test/vfs/test-vfs.js'
import { createUnreliableStore } from '../../test/vfs/unreliable-store.js'
import { Errno } from '../posix/errno.js'
import { O_APPEND, O_CREAT, O_RDONLY, O_RDWR, O_WRONLY } from '../posix/open-flags.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import { rootIno } from '../volume/inode.js'
import type { Rescue } from './vfs-options.js'

const fresh = () => ({ store: createMemoryStore() })
const create = O_RDWR | O_CREAT

test('written bytes are saved after their age, without a flush', async () => {
  const options = { ...fresh(), vfs: { blockAgeMs: 30 } }
  await withVfs(options, async (vfs, { replica }) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
    await vfs.write(root, handle, 0, Buffer.from('x'))
    while (replica.inode(inode.ino)?.size !== 1)
      await new Promise((resolve) => setTimeout(resolve, 10))
    await close(vfs, handle)
  })
})

test('a save that nobody waited for is tried again, and a close that then succeeds says so', async () => {
  const store = createUnreliableStore(createMemoryStore(), { seed: 4, unknownCommits: 0 })
  const warnings: string[] = []
  const logger = { warn: (message: string) => warnings.push(message), error: assert.fail }
  const options = {
    store,
    replica: { limits: { deadlineMs: 150 } },
    vfs: { blockAgeMs: 20, logger },
  }
  await withVfs(options, async (vfs, { replica }) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
    store.cut = true
    await vfs.write(root, handle, 0, Buffer.from('late'))
    while (warnings.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    store.cut = false
    while (replica.inode(inode.ino)?.size !== 4) {
      if (replica.status().state === 'offline') await replica.poll().catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await close(vfs, handle)
    assert.equal(await readFile(vfs, rootIno, 'f'), 'late')
  })
})

test('attributes set along with unsaved bytes are committed with them, once', async () => {
  await withVfs(fresh(), async (vfs, { replica }) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o600, create)
    await vfs.write(root, handle, 0, Buffer.from('x'))
    const before = replica.status().commits
    const mtime = { sec: 1000, nsec: 5 }
    await vfs.setattr(root, inode.ino, { mtime, atime: mtime }, handle)
    await vfs.setattr(root, inode.ino, { uid: 5, gid: 6 }, handle)
    await vfs.setattr(root, inode.ino, { mode: 0o4755 }, handle)
    const shown = await vfs.getattr(root, inode.ino)
    assert.equal(replica.status().commits, before)
    await close(vfs, handle)
    assert.equal(replica.status().commits, before + 1)
    const { content: _content, ...saved } = replica.inode(inode.ino) ?? assert.fail()
    const { content: _before, ...seen } = shown
    assert.deepEqual(saved, seen)
    assert.deepEqual([saved.mtime, saved.atime, saved.mode], [mtime, mtime, 0o104755])
    assert.deepEqual([saved.uid, saved.gid], [5, 6])
  })
})

test('a save that fails is told once to each handle, and its bytes stay for the next', async () => {
  const store = createUnreliableStore(createMemoryStore(), { seed: 1, unknownCommits: 0 })
  await withVfs({ store, replica: { limits: { deadlineMs: 400 } } }, async (vfs, { replica }) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
    const other = await vfs.open(root, inode.ino, O_WRONLY)
    await vfs.write(root, handle, 0, Buffer.from('kept'))
    store.cut = true
    await assert.rejects(async () => vfs.fsync(root, handle, false), isErrno(Errno.EIO))
    store.cut = false
    assert.equal(await readAll(vfs, handle), 'kept')
    while (replica.status().state === 'offline') await replica.poll().catch(() => undefined)
    await vfs.fsync(root, handle, false)
    await assert.rejects(async () => vfs.fsync(root, other, false), isErrno(Errno.EIO))
    await vfs.fsync(root, other, false)
    assert.equal(vfs.status().saveErrors, 1)
    await close(vfs, handle)
    await close(vfs, other)
    assert.equal(await readFile(vfs, rootIno, 'f'), 'kept')
  })
})

test('what cannot be saved at the last close goes to rescue, and is told to who opens next', async () => {
  const rescued: string[] = []
  const store = createMemoryStore()
  const identity = await createEmptyVolume(store, { quotaBytes: 3 })
  const rescue: Rescue = {
    unsaved({ spool, path, seen }) {
      rescued.push(`${path} ${spool.copy(0, seen.size).toString('latin1')}`)
    },
    spared: () => assert.fail(),
    lost: () => assert.fail(),
    settled: async () => undefined,
  }
  await withVfs({ store, identity, vfs: { rescue } }, async (vfs) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
    vfs.remember(inode.ino, 1)
    const invalidated: number[] = []
    vfs.onInvalidate(({ inodes }) => invalidated.push(...inodes.map(({ ino }) => ino)))
    await vfs.write(root, handle, 0, Buffer.from('lost'))
    await vfs.release(root, handle)
    await assert.rejects(vfs.settle(), isErrno(Errno.EDQUOT))
    assert.deepEqual(rescued, ['/f lost'])
    assert.deepEqual(invalidated, [inode.ino])
    assert.equal((await vfs.getattr(root, inode.ino)).size, 0)
    const next = await vfs.open(root, inode.ino, O_WRONLY)
    await assert.rejects(async () => vfs.flush(root, next), isErrno(Errno.EDQUOT))
    await close(vfs, next)
  })
})

test('a save that was done though nobody heard of it is not done twice', async () => {
  const store = createUnreliableStore(createMemoryStore(), { seed: 3, unknownCommits: 0 })
  const options = { store, replica: { limits: { deadlineMs: 200 } } }
  await withVfs(options, async (vfs, { replica }) => {
    const flags = create | O_APPEND
    const { inode, handle } = await vfs.create(root, rootIno, 'log', 0o644, flags)
    await vfs.write(root, handle, 0, Buffer.from('one;'))
    store.deaf = true
    const syncing = vfs.fsync(root, handle, false)
    await vfs.write(root, handle, 0, Buffer.from('two;'))
    await assert.rejects(async () => syncing, isErrno(Errno.EIO))
    assert.equal(await readAll(vfs, handle), 'one;two;')
    store.deaf = false
    while (replica.inode(inode.ino)?.size !== 4)
      await new Promise((resolve) => setTimeout(resolve, 10))
    assert.equal(await readAll(vfs, handle), 'one;two;')
    while (replica.status().state === 'offline') await replica.poll().catch(() => undefined)
    await vfs.fsync(root, handle, false)
    await close(vfs, handle)
    assert.equal(await readFile(vfs, rootIno, 'log'), 'one;two;')
  })
})

test('attributes set on unsaved bytes do not wait for the age of the bytes', async () => {
  const options = { ...fresh(), vfs: { blockAgeMs: 3_600_000, attributeAgeMs: 20 } }
  await withVfs(options, async (vfs, { replica }) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
    await vfs.write(root, handle, 0, Buffer.from('x'))
    await vfs.setattr(root, inode.ino, { mode: 0o600 })
    while (replica.inode(inode.ino)?.mode !== 0o100600)
      await new Promise((resolve) => setTimeout(resolve, 5))
    await close(vfs, handle)
  })
})

test('the error of a save that nobody heard of outlives a reader', async () => {
  const store = createMemoryStore()
  const identity = await createEmptyVolume(store, { quotaBytes: 3 })
  await withVfs({ store, identity }, async (vfs) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
    await vfs.write(root, handle, 0, Buffer.from('lost'))
    await vfs.release(root, handle)
    await vfs.settle().catch(() => undefined)
    await vfs.release(root, await vfs.open(root, inode.ino, O_RDONLY))
    const next = await vfs.open(root, inode.ino, O_WRONLY)
    await assert.rejects(async () => vfs.flush(root, next), isErrno(Errno.EDQUOT))
    await close(vfs, next)
    await close(vfs, await vfs.open(root, inode.ino, O_WRONLY))
  })
})

test('bytes whose loss a close was told are not told to the next one', async () => {
  const store = createMemoryStore()
  const identity = await createEmptyVolume(store, { quotaBytes: 3 })
  await withVfs({ store, identity }, async (vfs) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
    await vfs.write(root, handle, 0, Buffer.from('lost'))
    await assert.rejects(close(vfs, handle), isErrno(Errno.EDQUOT))
    await vfs.settle().catch(() => undefined)
    assert.ok(vfs.status().saveErrors > 1)
    const next = await vfs.open(root, inode.ino, O_WRONLY)
    await vfs.write(root, next, 0, Buffer.from('ok'))
    await close(vfs, next)
    assert.equal(await readFile(vfs, rootIno, 'f'), 'ok')
  })
})

test('a close of the volume that loses bytes rejects, and closes all the same', async () => {
  const store = createMemoryStore()
  const identity = await createEmptyVolume(store, { quotaBytes: 3 })
  const opened = await openTestVfs({ store, identity })
  const { handle } = await opened.vfs.create(root, rootIno, 'f', 0o644, create)
  await opened.vfs.write(root, handle, 0, Buffer.from('lost'))
  await assert.rejects(opened.close(), isErrno(Errno.EIO))
  assert.equal(opened.vfs.status().spoolBytes, 0)
})

test('a truncate goes with the bytes of who has the file open for writing, and is saved alone else', async () => {
  await withVfs(fresh(), async (vfs, { replica }) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
    await vfs.write(root, handle, 0, Buffer.from('old and long'))
    await close(vfs, handle)
    const size = () => replica.inode(inode.ino)?.size
    const writer = await vfs.open(root, inode.ino, O_WRONLY)
    const { commits } = replica.status()
    await vfs.setattr(root, inode.ino, { size: 0 })
    assert.equal(size(), 12)
    await vfs.write(root, writer, 0, Buffer.from('new'))
    await close(vfs, writer)
    assert.equal(size(), 3)
    assert.equal(replica.status().commits, commits + 1)
    const reader = await vfs.open(root, inode.ino, O_RDONLY)
    await vfs.setattr(root, inode.ino, { size: 1 })
    assert.equal(size(), 1)
    await close(vfs, reader)
  })
})

test('a save whose block is on its way to the store holds up nobody else', async () => {
  const store = createMemoryStore()
  const { putBlocks } = store
  let letGo = (): void => undefined
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  store.putBlocks = async (owner, blocks) => {
    await held
    return putBlocks.call(store, owner, blocks)
  }
  await withVfs({ store }, async (vfs) => {
    const { handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
    await vfs.write(root, handle, 0, Buffer.alloc(5000, 1))
    const saving = close(vfs, handle)
    await vfs.mkdir(root, rootIno, 'dir', 0o755)
    letGo()
    await saving
  })
})
