import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  close,
  isErrno,
  names,
  readAll,
  readFile,
  root,
  user,
  withVfs,
  writeFile,
} from '../../test/vfs/test-vfs.js'
import { Errno } from '../posix/errno.js'
import { O_APPEND, O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from '../posix/open-flags.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import { rootIno } from '../volume/inode.js'

const fresh = () => ({ store: createMemoryStore() })
const create = O_RDWR | O_CREAT

test('an unlinked file goes on for who has it open, and is gone when they close it', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', 'stored')
    const handle = await vfs.open(root, ino, O_RDWR)
    await vfs.unlink(root, rootIno, 'f')
    assert.equal(await vfs.lookup(root, rootIno, 'f'), undefined)
    assert.equal((await vfs.getattr(root, ino)).nlink, 0)
    await vfs.write(root, handle, 6, Buffer.from(' and more'))
    await vfs.fsync(root, handle, false)
    assert.equal(await readAll(vfs, handle), 'stored and more')
    await vfs.setattr(root, ino, { mode: 0o600 }, handle)
    assert.equal((await vfs.getattr(root, ino)).mode, 0o100600)
    assert.equal(vfs.status().orphans, 1)
    await close(vfs, handle)
    assert.equal(vfs.status().orphans, 0)
    await assert.rejects(async () => vfs.getattr(root, ino), isErrno(Errno.ESTALE))
  })
})

test('an unlinked inode that the kernel remembers lives until it is forgotten', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', 'stored')
    vfs.remember(ino, 2)
    await vfs.unlink(root, rootIno, 'f')
    const handle = await vfs.open(root, ino, O_RDWR)
    await vfs.write(root, handle, 0, Buffer.from('S'))
    await close(vfs, handle)
    const again = await vfs.open(root, ino, O_RDONLY)
    assert.equal(await readAll(vfs, again), 'Stored')
    await close(vfs, again)
    vfs.forget(ino, 2)
    assert.deepEqual(vfs.status().orphans, 0)
    assert.equal(vfs.status().spoolBytes, 0)
  })
})

test('a file renamed over another one leaves the other to who has it open', async () => {
  await withVfs(fresh(), async (vfs) => {
    const old = await writeFile(vfs, rootIno, 'f', 'old')
    const handle = await vfs.open(root, old.ino, O_RDONLY)
    await writeFile(vfs, rootIno, 'tmp', 'new')
    await vfs.rename(root, rootIno, 'tmp', rootIno, 'f', 0)
    assert.equal(await readAll(vfs, handle), 'old')
    assert.equal(await readFile(vfs, rootIno, 'f'), 'new')
    assert.deepEqual(await names(vfs, rootIno), ['f'])
    await close(vfs, handle)
  })
})

test('bytes not yet saved go along with a rename and with a link', async () => {
  await withVfs(fresh(), async (vfs, { replica }) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'tmp', 0o644, create)
    await vfs.write(root, handle, 0, Buffer.from('12345'))
    assert.equal(replica.inode(inode.ino)?.size, 0)
    await vfs.rename(root, rootIno, 'tmp', rootIno, 'f', 0)
    assert.equal(replica.inode(inode.ino)?.size, 5)
    await vfs.write(root, handle, 5, Buffer.from('678'))
    await vfs.link(root, inode.ino, rootIno, 'g')
    assert.equal(replica.inode(inode.ino)?.size, 8)
    assert.equal(await readFile(vfs, rootIno, 'g'), '12345678')
    await close(vfs, handle)
  })
})

test('all handles of a file see what one of them wrote, before it is saved', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
    const other = await vfs.open(root, inode.ino, O_RDONLY)
    await vfs.write(root, handle, 3, Buffer.from('x'))
    assert.equal(await readAll(vfs, other), '\0\0\0x')
    assert.equal((await vfs.lookup(root, rootIno, 'f'))?.size, 4)
    const cut = await vfs.open(root, inode.ino, O_WRONLY | O_TRUNC)
    assert.equal(await readAll(vfs, other), '')
    await vfs.write(root, handle, 1, Buffer.from('y'))
    for (const each of [handle, other, cut]) await close(vfs, each)
    assert.equal(await readFile(vfs, rootIno, 'f'), '\0y')
  })
})

test('O_APPEND writes at the end whatever offset is given', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'log', 0o644, create | O_APPEND)
    const second = await vfs.open(root, inode.ino, O_WRONLY | O_APPEND)
    await vfs.write(root, handle, 0, Buffer.from('one '))
    await vfs.write(root, second, 0, Buffer.from('two '))
    await vfs.flush(root, handle)
    await vfs.write(root, handle, 0, Buffer.from('three '))
    await vfs.write(root, second, 0, Buffer.from('four'))
    await close(vfs, handle)
    await close(vfs, second)
    assert.equal(await readFile(vfs, rootIno, 'log'), 'one two three four')
  })
})

test('a file made without a name can get one, with all that was done to it', async () => {
  await withVfs(fresh(), async (vfs, { replica }) => {
    const { inode, handle } = await vfs.tmpfile(user(0), rootIno, 0o600, O_RDWR)
    assert.equal(inode.nlink, 0)
    assert.equal(replica.inode(inode.ino), undefined)
    await vfs.write(root, handle, 0, Buffer.from('bytes'))
    await vfs.setattr(root, inode.ino, { mode: 0o640, uid: 7 }, handle)
    await vfs.fsync(root, handle, false)
    const linked = await vfs.link(root, inode.ino, rootIno, 'named')
    assert.equal(linked.nlink, 1)
    assert.deepEqual([linked.mode, linked.uid, linked.size], [0o100640, 7, 5])
    await vfs.write(root, handle, 5, Buffer.from('!'))
    await close(vfs, handle)
    assert.equal(await readFile(vfs, rootIno, 'named'), 'bytes!')
    await vfs.unlink(root, rootIno, 'named')
    assert.equal(replica.head.usedInodes, 1)
  })
})

test('an empty file made without a name can get one; two cannot get the same', async () => {
  await withVfs(fresh(), async (vfs) => {
    const first = await vfs.tmpfile(root, rootIno, 0o600, O_RDWR)
    const second = await vfs.tmpfile(root, rootIno, 0o600, O_RDWR)
    await vfs.link(root, first.inode.ino, rootIno, 'name')
    const taken = async () => vfs.link(root, second.inode.ino, rootIno, 'name')
    await assert.rejects(taken, isErrno(Errno.EEXIST))
    await vfs.link(root, second.inode.ino, rootIno, 'other')
    await close(vfs, first.handle)
    await close(vfs, second.handle)
    assert.deepEqual(await names(vfs, rootIno), ['name', 'other'])
  })
})

test('a file that lost its last name gets no new one', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', 'x')
    const handle = await vfs.open(root, ino, O_RDWR)
    await vfs.unlink(root, rootIno, 'f')
    await assert.rejects(async () => vfs.link(root, ino, rootIno, 'g'), isErrno(Errno.ENOENT))
    await close(vfs, handle)
  })
})

test('a mapping written back never makes the file longer, and saves after the last close', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', 'abcdef')
    const handle = await vfs.open(root, ino, O_RDWR)
    const page = Buffer.concat([Buffer.from('abXdef'), Buffer.alloc(4090)])
    await vfs.flush(root, handle)
    await vfs.write(root, handle, 0, page, { fromMapping: true })
    await vfs.release(root, handle)
    await vfs.settle()
    assert.equal(await readFile(vfs, rootIno, 'f'), 'abXdef')
    const { ctime } = await vfs.getattr(root, ino)
    const again = await vfs.open(root, ino, O_RDWR)
    await vfs.write(root, again, 0, page, { fromMapping: true })
    assert.deepEqual((await vfs.getattr(root, ino)).ctime, ctime)
    await close(vfs, again)
  })
})
