import assert from 'node:assert/strict'
import { test } from 'node:test'
import { close, isErrno, root, user, withVfs, writeFile } from '../../test/vfs/test-vfs.js'
import { aclAccessName, aclDefaultName, aclMode, decodeAcl } from '../posix/acl.js'
import { Errno } from '../posix/errno.js'
import { O_CREAT, O_RDWR } from '../posix/open-flags.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import { compareTimes } from '../volume/clock.js'
import { rootIno } from '../volume/inode.js'
import { XattrFlag } from './vfs.js'

const fresh = () => ({ store: createMemoryStore() })
const acl = (...entries: readonly (readonly [tag: number, permissions: number, id?: number])[]) => {
  const bytes = Buffer.alloc(4 + 8 * entries.length)
  bytes.writeUInt32LE(2, 0)
  entries.forEach(([tag, permissions, id = 0xffff_ffff], index) => {
    bytes.writeUInt16LE(tag, 4 + 8 * index)
    bytes.writeUInt16LE(permissions, 6 + 8 * index)
    bytes.writeUInt32LE(id, 8 + 8 * index)
  })
  return bytes
}

test('utimensat sets what it is given and leaves what it omits', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { ino, mtime } = await writeFile(vfs, rootIno, 'f', 'x')
    const [first, second] = [
      { sec: -5, nsec: 999_999_999 },
      { sec: 4_000_000_000, nsec: 1 },
    ]
    const onlyMtime = await vfs.setattr(root, ino, { mtime: first })
    assert.deepEqual([onlyMtime.atime, onlyMtime.mtime], [mtime, first])
    const onlyAtime = await vfs.setattr(root, ino, { atime: second })
    assert.deepEqual([onlyAtime.atime, onlyAtime.mtime], [second, first])
    const now = await vfs.setattr(root, ino, { atime: 'now', mtime: 'now' })
    assert.deepEqual(now.atime, now.mtime)
    assert.ok(now.mtime.sec > 1_600_000_000)
    assert.ok(compareTimes(now.ctime, onlyAtime.ctime) > 0)
  })
})

test('who may only write sets the times to now, not to others', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', 'x')
    await vfs.setattr(root, ino, { mode: 0o646 })
    const other = user(1000)
    await vfs.setattr(other, ino, { atime: 'now', mtime: 'now' })
    const at = { sec: 1, nsec: 0 }
    const refused = async (changes: object) => vfs.setattr(other, ino, changes)
    await assert.rejects(refused({ mtime: at }), isErrno(Errno.EPERM))
    await assert.rejects(refused({ mtime: 'now' }), isErrno(Errno.EPERM))
    await vfs.setattr(root, ino, { mode: 0o644 })
    await assert.rejects(refused({ atime: 'now', mtime: 'now' }), isErrno(Errno.EACCES))
  })
})

test('ctime never runs backwards, however often an inode changes within one tick of the clock', async () => {
  const now = { sec: 1_700_000_000, nsec: 5 }
  const clock = {
    wall: () => now,
    monotonicMs: () => 0,
    bootMs: () => 0,
    setTimer: () => () => undefined,
  }
  await withVfs({ ...fresh(), vfs: { clock } }, async (vfs) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, O_RDWR | O_CREAT)
    let last = inode.ctime
    for (let i = 0; i < 20; i++) {
      if (i % 3 === 0) await vfs.write(root, handle, i, Buffer.from('x'))
      else if (i % 3 === 1) await vfs.setattr(root, inode.ino, { mode: 0o600 + i })
      else await vfs.fsync(root, handle, false)
      const { ctime } = await vfs.getattr(root, inode.ino)
      assert.ok(compareTimes(ctime, last) >= (i % 3 === 2 ? 0 : 1), `step ${i}`)
      last = ctime
    }
    await close(vfs, handle)
  })
})

function bytes(value: Uint8Array | undefined): Buffer {
  assert.ok(value, 'there is such an attribute')
  return Buffer.from(value)
}

test('extended attributes: create, replace, remove, and their error numbers', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', '')
    const value = Buffer.from([0, 255, 1])
    const set = async (name: string, bytes: Uint8Array, flags = 0) =>
      vfs.setxattr(root, ino, name, bytes, flags)
    const get = async (name: string) => vfs.getxattr(root, ino, name)
    assert.equal(await get('user.a'), undefined)
    await assert.rejects(set('user.a', value, XattrFlag.replace), isErrno(Errno.ENODATA))
    await set('user.a', value, XattrFlag.create)
    await assert.rejects(set('user.a', value, XattrFlag.create), isErrno(Errno.EEXIST))
    await set('user.a', Buffer.alloc(0), XattrFlag.replace)
    assert.deepEqual(bytes(await get('user.a')), Buffer.alloc(0))
    await set('trusted.t', value)
    assert.deepEqual([...(await vfs.listxattr(root, ino))].sort(), ['trusted.t', 'user.a'])
    assert.deepEqual(await vfs.listxattr(user(5), ino), ['user.a'])
    await vfs.removexattr(root, ino, 'user.a')
    const gone = async () => vfs.removexattr(root, ino, 'user.a')
    await assert.rejects(gone, isErrno(Errno.ENODATA))
    await assert.rejects(set('other.x', value), isErrno(Errno.EOPNOTSUPP))
    await assert.rejects(set(`user.${'x'.repeat(251)}`, value), isErrno(Errno.ERANGE))
    const foreign = async () => vfs.setxattr(user(1000), ino, 'user.b', value, 0)
    await assert.rejects(foreign, isErrno(Errno.EACCES))
    const trusted = async () => vfs.setxattr(user(0), ino, 'trusted.b', value, 0)
    await trusted()
    const link = await vfs.symlink(root, rootIno, 'l', 'f')
    const onLink = async () => vfs.setxattr(root, link.ino, 'user.a', value, 0)
    await assert.rejects(onLink, isErrno(Errno.EPERM))
  })
})

test('a value of 64 KiB is kept, one byte more is E2BIG, several of them lie side by side', async () => {
  await withVfs(fresh(), async (vfs, { replica }) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', '')
    const big = Buffer.alloc(65_536, 'x')
    await vfs.setxattr(root, ino, 'user.big', big, 0)
    const tooBig = async () => vfs.setxattr(root, ino, 'user.big', Buffer.alloc(65_537), 0)
    await assert.rejects(tooBig, isErrno(Errno.E2BIG))
    await Promise.all(
      ['user.a', 'user.b', 'user.c'].map(async (name) =>
        vfs.setxattr(root, ino, name, Buffer.from(name), 0),
      ),
    )
    assert.ok(replica.inode(ino)?.xattrBlock)
    assert.deepEqual(bytes(await vfs.getxattr(root, ino, 'user.big')), big)
    assert.equal(bytes(await vfs.getxattr(root, ino, 'user.c')).toString(), 'user.c')
    await vfs.removexattr(root, ino, 'user.big')
    assert.equal(replica.inode(ino)?.xattrBlock, undefined)
    assert.deepEqual(await vfs.listxattr(root, ino), ['user.a', 'user.b', 'user.c'])
  })
})

test('an access ACL is mode bits too, and chmod changes its mask', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', '')
    const named = acl([1, 6], [2, 6, 1000], [4, 4], [16, 6], [32, 0])
    await vfs.setxattr(root, ino, aclAccessName, named, 0)
    assert.equal((await vfs.getattr(root, ino)).mode, 0o100660)
    await vfs.access(user(1000), ino, 6)
    await vfs.setattr(root, ino, { mode: 0o640 })
    const kept = decodeAcl(bytes(await vfs.getxattr(root, ino, aclAccessName)))
    assert.equal(kept && aclMode(kept), 0o640)
    const write = async () => vfs.access(user(1000), ino, 2)
    await assert.rejects(write, isErrno(Errno.EACCES))
    await vfs.setxattr(root, ino, aclAccessName, acl([1, 7], [4, 5], [32, 1]), 0)
    assert.equal((await vfs.getattr(root, ino)).mode, 0o100751)
    assert.equal(await vfs.getxattr(root, ino, aclAccessName), undefined)
  })
})

test('an ACL counts, and follows chmod, also beside attributes that need a block', async () => {
  await withVfs(fresh(), async (vfs, { replica }) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', '')
    await vfs.setxattr(root, ino, 'user.big', Buffer.alloc(60_000), 0)
    const named = acl([1, 6], [2, 6, 1000], [4, 4], [16, 6], [32, 0])
    await vfs.setxattr(root, ino, aclAccessName, named, 0)
    assert.ok(replica.inode(ino)?.xattrBlock)
    await vfs.access(user(1000), ino, 6)
    await vfs.setattr(root, ino, { mode: 0o640 })
    await assert.rejects(async () => vfs.access(user(1000), ino, 2), isErrno(Errno.EACCES))
    assert.deepEqual([...(await vfs.listxattr(root, ino))].sort(), [aclAccessName, 'user.big'])
    await vfs.removexattr(root, ino, aclAccessName)
    assert.deepEqual(await vfs.listxattr(root, ino), ['user.big'])
    for (const name of ['b', 'c', 'd'])
      await vfs.setxattr(root, ino, `user.${name}`, Buffer.alloc(60_000), 0)
    const full = async () => vfs.setxattr(root, ino, 'user.e', Buffer.alloc(60_000), 0)
    await assert.rejects(full, isErrno(Errno.ENOSPC))
  })
})

test('the longest ACL is enforced and inherited, also beside attributes that need a block', async () => {
  await withVfs(fresh(), async (vfs) => {
    const users = (count: number) => {
      const entries = Array.from({ length: count }, (_, index) => [2, 6, 5000 + index] as const)
      return acl([1, 7], ...entries, [4, 5], [16, 7], [32, 0])
    }
    const longest = users(507)
    assert.equal(longest.length, 4092)
    const { ino } = await vfs.mkdir(root, rootIno, 'd', 0o755)
    await vfs.setxattr(root, ino, 'user.big', Buffer.alloc(60_000), 0)
    await vfs.setxattr(root, ino, aclDefaultName, longest, 0)
    await vfs.setxattr(root, ino, aclAccessName, longest, 0)
    await vfs.access(user(5506), ino, 6)
    await assert.rejects(async () => vfs.access(user(5507), ino, 4), isErrno(Errno.EACCES))
    const made = await vfs.mkdir(root, ino, 'e', 0o777)
    await vfs.access(user(5506), made.ino, 6)
    assert.deepEqual(bytes(await vfs.getxattr(root, made.ino, aclDefaultName)), longest)
    const longer = async () => vfs.setxattr(root, ino, aclAccessName, users(508), 0)
    await assert.rejects(longer, isErrno(Errno.ENOSPC))
  })
})

test('what is made under a default ACL inherits it, whatever the umask', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { ino } = await vfs.mkdir(root, rootIno, 'd', 0o755)
    const value = acl([1, 7], [2, 7, 1000], [4, 5], [16, 7], [32, 0])
    await vfs.setxattr(root, ino, aclDefaultName, value, 0)
    const made = await vfs.create({ ...root, umask: 0o077 }, ino, 'f', 0o666, O_RDWR | O_CREAT)
    assert.equal(made.inode.mode, 0o100660)
    assert.ok(made.inode.xattrs.has(aclAccessName))
    assert.equal(made.inode.xattrs.has(aclDefaultName), false)
    await close(vfs, made.handle)
    const below = await vfs.mkdir({ ...root, umask: 0o077 }, ino, 'e', 0o777)
    assert.equal(below.mode, 0o040770)
    assert.deepEqual(Buffer.from(below.xattrs.get(aclDefaultName) ?? []), value)
    const file = async () => vfs.setxattr(root, made.inode.ino, aclDefaultName, value, 0)
    await assert.rejects(file, isErrno(Errno.EACCES))
  })
})

test('an inode without a name keeps extended attributes as well', async () => {
  await withVfs(fresh(), async (vfs) => {
    const { inode, handle } = await vfs.tmpfile(root, rootIno, 0o644, O_RDWR)
    await vfs.setxattr(root, inode.ino, 'user.a', Buffer.alloc(5000, 'y'), 0)
    await vfs.link(root, inode.ino, rootIno, 'named')
    assert.equal((await vfs.getxattr(root, inode.ino, 'user.a'))?.length, 5000)
    await close(vfs, handle)
  })
})

test('capabilities do not outlive a write, wherever they are kept', async () => {
  await withVfs(fresh(), async (vfs) => {
    const name = 'security.capability'
    for (const more of [0, 9000]) {
      const { ino } = await writeFile(vfs, rootIno, `f${more}`, 'x')
      if (more > 0) await vfs.setxattr(root, ino, 'user.big', Buffer.alloc(more, 1), 0)
      await vfs.setxattr(root, ino, name, Buffer.from('rights'), 0)
      const handle = await vfs.open(root, ino, O_RDWR)
      assert.equal(await vfs.write(root, handle, 1, Buffer.alloc(0)), 0)
      assert.ok(await vfs.getxattr(root, ino, name), 'lost by a write of nothing')
      const data = Buffer.from('yz')
      const written = vfs.write(root, handle, 1, data)
      // The kernel's request is used again as soon as the call has come back.
      data.fill(0)
      assert.equal(await written, 2)
      assert.equal(await vfs.getxattr(root, ino, name), undefined)
      assert.equal(await vfs.write(root, handle, 3, Buffer.from('!')), 1)
      const bytes = Buffer.concat(await vfs.read(root, handle, 0, 10))
      await close(vfs, handle)
      assert.equal(bytes.toString(), 'xyz!')
      assert.equal((await vfs.listxattr(root, ino)).length, more > 0 ? 1 : 0)
    }
  })
})

test('who may write but not set capabilities takes them by writing, also twice at once', async () => {
  await withVfs(fresh(), async (vfs) => {
    const name = 'security.capability'
    const { ino } = await writeFile(vfs, rootIno, 'f', 'x')
    await vfs.setattr(root, ino, { mode: 0o666 })
    await vfs.setxattr(root, ino, name, Buffer.from('rights'), 0)
    const other = user(1000)
    const handle = await vfs.open(other, ino, O_RDWR)
    const writes = ['1', '2'].map(async (text, at) =>
      vfs.write(other, handle, at, Buffer.from(text)),
    )
    assert.deepEqual(await Promise.all(writes), [1, 1])
    assert.equal(await vfs.getxattr(root, ino, name), undefined)
    await close(vfs, handle)
  })
})
