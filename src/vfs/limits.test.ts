import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEmptyVolume } from '../../test/simulation/empty-volume.js'
import {
  close,
  isErrno,
  openTestVfs,
  readFile,
  root,
  withVfs,
  writeFile,
} from '../../test/vfs/test-vfs.js'
import { Errno } from '../posix/errno.js'
import { O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from '../posix/open-flags.js'
import type { Draft } from '../replica/namespace.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import { type Inode, rootIno } from '../volume/inode.js'
import { applyLink } from './intents/link.js'

const create = O_RDWR | O_CREAT

test('a read-only view answers EROFS to every change, and reads on', async () => {
  const store = createMemoryStore()
  const writer = await openTestVfs({ store })
  const { ino } = await writeFile(writer.vfs, rootIno, 'f', 'read me')
  const { identity } = writer
  await withVfs({ store, identity, vfs: { readOnly: true } }, async (vfs) => {
    const changes = [
      () => vfs.create(root, rootIno, 'g', 0o644, create),
      () => vfs.mkdir(root, rootIno, 'g', 0o755),
      () => vfs.mknod(root, rootIno, 'g', 0o100644, 0),
      () => vfs.symlink(root, rootIno, 'g', 'f'),
      () => vfs.link(root, ino, rootIno, 'g'),
      () => vfs.unlink(root, rootIno, 'f'),
      () => vfs.rmdir(root, rootIno, 'f'),
      () => vfs.rename(root, rootIno, 'f', rootIno, 'g', 0),
      () => vfs.setattr(root, ino, { mode: 0o600 }),
      () => vfs.setattr(root, ino, { size: 0 }),
      () => vfs.setxattr(root, ino, 'user.a', Buffer.alloc(1), 0),
      () => vfs.removexattr(root, ino, 'user.a'),
      () => vfs.tmpfile(root, rootIno, 0o600, O_RDWR),
      () => vfs.open(root, ino, O_WRONLY),
      () => vfs.open(root, ino, O_RDONLY | O_TRUNC),
      () => vfs.access(root, ino, 2),
    ]
    for (const [index, change] of changes.entries())
      await assert.rejects(async () => change(), isErrno(Errno.EROFS), `change ${index}`)
    assert.equal(await readFile(vfs, rootIno, 'f'), 'read me')
  })
  await writer.close()
})

test('one inode has at most 65,000 names: EMLINK beyond', async () => {
  await withVfs({ store: createMemoryStore() }, async (vfs, { replica }) => {
    const file = await writeFile(vfs, rootIno, 'f', 'x')
    const set: Inode[] = []
    // Where nearly all names of it are, without making them.
    const linkWhere = (nlink: number) => {
      const inode = (ino: number) => (ino === file.ino ? { ...file, nlink } : replica.inode(ino))
      const lookup = () => undefined
      const setInode = (inode: Inode) => void set.push(inode)
      const draft = { inode, lookup, setInode, link: () => undefined }
      const time = file.ctime
      const intent = { kind: 'link', ino: file.ino, parent: rootIno, name: 'g', time } as const
      return applyLink(intent, draft as unknown as Draft)
    }
    assert.equal(linkWhere(64_999).nlink, 65_000)
    set.length = 0
    assert.throws(() => linkWhere(65_000), isErrno(Errno.EMLINK))
    assert.deepEqual(set, [])
  })
})

test('a quota of bytes is EDQUOT at the close, and what was there stays', async () => {
  const store = createMemoryStore()
  const identity = await createEmptyVolume(store, { quotaBytes: 10_000 })
  await withVfs({ store, identity }, async (vfs) => {
    await writeFile(vfs, rootIno, 'f', 'x'.repeat(6000))
    const { handle } = await vfs.create(root, rootIno, 'g', 0o644, create)
    await vfs.write(root, handle, 0, Buffer.alloc(5000))
    await assert.rejects(async () => vfs.flush(root, handle), isErrno(Errno.EDQUOT))
    await vfs.unlink(root, rootIno, 'f')
    await vfs.flush(root, handle)
    await vfs.release(root, handle)
    assert.equal((await vfs.lookup(root, rootIno, 'g'))?.size, 5000)
  })
})

test('a quota of inodes is EDQUOT at the create', async () => {
  const store = createMemoryStore()
  const identity = await createEmptyVolume(store, { quotaInodes: 3 })
  await withVfs({ store, identity }, async (vfs) => {
    await vfs.mkdir(root, rootIno, 'a', 0o755)
    await vfs.mkdir(root, rootIno, 'b', 0o755)
    const third = async () => vfs.mkdir(root, rootIno, 'c', 0o755)
    await assert.rejects(third, isErrno(Errno.EDQUOT))
    await vfs.rmdir(root, rootIno, 'a')
    await third()
  })
})

test('statfs shows the quota, cut to the disk; without both, 1 PiB', async () => {
  const store = createMemoryStore()
  await withVfs({ store }, async (vfs) => {
    const { blocks, bfree, frsize, namelen } = await vfs.statfs(root)
    assert.equal(blocks * frsize, 2 ** 50)
    assert.equal(bfree, blocks)
    assert.equal(namelen, 255)
  })
  const identity = await createEmptyVolume(store, { quotaBytes: 4096 * 100, quotaInodes: 50 })
  const space = async () => ({ totalBytes: 4096 * 1000, freeBytes: 4096 * 20 })
  await withVfs({ store, identity, vfs: { space } }, async (vfs) => {
    await writeFile(vfs, rootIno, 'f', 'x'.repeat(4096 * 90))
    const { blocks, bfree, files, ffree } = await vfs.statfs(root)
    assert.deepEqual([blocks, bfree, files, ffree], [100, 10, 50, 48])
  })
})

test('a closed file system answers EIO, and has saved what was written', async () => {
  const store = createMemoryStore()
  const first = await openTestVfs({ store })
  const { handle } = await first.vfs.create(root, rootIno, 'f', 0o644, create)
  await first.vfs.write(root, handle, 0, Buffer.from('saved at the end'))
  await first.close()
  assert.throws(() => first.vfs.getattr(root, rootIno), isErrno(Errno.EIO))
  await withVfs({ store, identity: first.identity }, async (vfs) => {
    assert.equal(await readFile(vfs, rootIno, 'f'), 'saved at the end')
  })
})

test('handles that are not open are EBADF, and so is the wrong direction', async () => {
  await withVfs({ store: createMemoryStore() }, async (vfs) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', 'x')
    const reader = await vfs.open(root, ino, O_RDONLY)
    const writer = await vfs.open(root, ino, O_WRONLY)
    const directory = await vfs.opendir(root, rootIno)
    const refused = [
      () => vfs.read(root, 99, 0, 1),
      () => vfs.read(root, writer, 0, 1),
      () => vfs.write(root, reader, 0, Buffer.from('y')),
      () => vfs.read(root, directory, 0, 1),
      () => vfs.readdir(root, reader, 0, () => true),
      () => vfs.fallocate(root, reader, 0, 0, 1),
    ]
    for (const [index, call] of refused.entries())
      await assert.rejects(async () => call(), isErrno(Errno.EBADF), `call ${index}`)
    vfs.releasedir(root, directory)
    await close(vfs, reader)
    await close(vfs, writer)
    assert.equal(vfs.status().openHandles, 0)
  })
})
