/** The table "Which call is answered when" of docs/SEMANTICS.md, row by row. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Errno } from '../../src/posix/errno.js'
import { S_IFIFO } from '../../src/posix/mode.js'
import { O_CREAT, O_RDONLY, O_RDWR, O_TRUNC } from '../../src/posix/open-flags.js'
import { Access, Seek, type Vfs } from '../../src/vfs/vfs.js'
import { rootIno } from '../../src/volume/inode.js'
import { waitFor } from '../support/process.js'
import { names, readFile, root, user, writeFile } from '../vfs/test-vfs.js'
import { type GatedMount, gatedMount } from './gated-mount.js'

const text = Buffer.from('some bytes')
const create = O_RDWR | O_CREAT

test('lookup, stat, access, readlink, readdir, getxattr, listxattr and statfs ask nothing of the store', async () => {
  await gatedMount(async ({ vfs, kindOf, requests }) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', 'x')
    const link = await vfs.symlink(root, rootIno, 's', 'f')
    await vfs.setxattr(root, ino, 'user.a', text, 0)
    const calls = [
      () => vfs.lookup(root, rootIno, 'f'),
      () => vfs.lookup(root, rootIno, 'absent'),
      () => vfs.getattr(root, ino),
      () => vfs.access(root, ino, Access.read),
      () => vfs.readlink(root, link.ino),
      () => names(vfs, rootIno),
      () => vfs.getxattr(root, ino, 'user.a'),
      () => vfs.listxattr(root, ino),
      () => vfs.statfs(root),
    ]
    await vfs.fsyncdir(root, await vfs.opendir(root, rootIno))
    const before = requests()
    for (const call of calls) assert.equal(await kindOf(call), 'memory', String(call))
    assert.equal(requests(), before)
    await vfs.setattr(root, ino, { mode: 0o600 })
    const refused = async () => vfs.access(user(1000), ino, Access.read)
    await assert.rejects(refused, { errno: Errno.EACCES })
  })
})

test('open without O_TRUNC, read and lseek are answered from memory', async () => {
  await gatedMount(async ({ vfs, kindOf, requests }) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', 'x'.repeat(100_000))
    const handle = await vfs.open(root, ino, O_RDONLY)
    await vfs.fsyncdir(root, await vfs.opendir(root, rootIno))
    const before = requests()
    assert.equal(await kindOf(() => vfs.open(root, ino, O_RDWR)), 'memory')
    assert.equal(await kindOf(() => vfs.read(root, handle, 0, 100_000)), 'memory')
    assert.equal(await kindOf(() => vfs.lseek(root, handle, 0, Seek.data)), 'memory')
    assert.equal(requests(), before)
    await vfs.setattr(root, ino, { mode: 0o600 })
    await assert.rejects(async () => vfs.open(user(1000), ino, O_RDONLY), { errno: Errno.EACCES })
  })
})

test('write, by a call or from a mapping, goes to the spool; others see it with the save', async () => {
  await gatedMount(async ({ vfs, other, kindOf }) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', 'old.')
    await vfs.fsyncdir(root, await vfs.opendir(root, rootIno))
    const handle = await vfs.open(root, ino, O_RDWR)
    const mapped = { fromMapping: true }
    assert.equal(await kindOf(() => vfs.write(root, handle, 4, text)), 'memory')
    assert.equal(
      await kindOf(() => vfs.write(root, handle, 0, Buffer.from('new.'), mapped)),
      'memory',
    )
    assert.equal(await readFile(other, rootIno, 'f'), 'old.')
    await vfs.fsync(root, handle, false)
    assert.equal(await readFile(other, rootIno, 'f'), 'new.some bytes')
  })
})

test('create, mkdir, mknod, symlink, link, unlink, rmdir and rename are journaled, and seen after the commit', async () => {
  await gatedMount(async ({ vfs, other, kindOf, whileShut }) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', 'x')
    const changes: [() => unknown, string, boolean][] = [
      [() => vfs.create(root, rootIno, 'made', 0o644, create), 'made', true],
      [() => vfs.mkdir(root, rootIno, 'dir', 0o755), 'dir', true],
      [() => vfs.mknod(root, rootIno, 'fifo', S_IFIFO | 0o600, 0), 'fifo', true],
      [() => vfs.symlink(root, rootIno, 'symlink', 'f'), 'symlink', true],
      [() => vfs.link(root, ino, rootIno, 'link'), 'link', true],
      [() => vfs.rename(root, rootIno, 'link', rootIno, 'renamed', 0), 'renamed', true],
      [() => vfs.unlink(root, rootIno, 'renamed'), 'renamed', false],
      [() => vfs.rmdir(root, rootIno, 'dir'), 'dir', false],
    ]
    for (const [call, name, isThere] of changes) {
      assert.equal(await kindOf(call), 'journaled', String(call))
      assert.equal((await other.lookup(root, rootIno, name)) !== undefined, isThere, name)
    }
    await whileShut(async () => {
      await vfs.mkdir(root, rootIno, 'unseen', 0o755)
      assert.equal(await other.lookup(root, rootIno, 'unseen'), undefined)
    })
    assert.ok(await other.lookup(root, rootIno, 'unseen'))
  })
})

test('a link of a file made with O_TMPFILE is committed', async () => {
  await gatedMount(async ({ vfs, other, kindOf }) => {
    const { inode, handle } = await vfs.tmpfile(root, rootIno, 0o600, O_RDWR)
    await vfs.write(root, handle, 0, text)
    assert.equal(await kindOf(() => vfs.link(root, inode.ino, rootIno, 'named')), 'committed')
    assert.equal(await readFile(other, rootIno, 'named'), 'some bytes')
    await vfs.release(root, handle)
  })
})

test('chmod, chown and utimens of a file with unsaved bytes are in memory, and seen with the save', async () => {
  await gatedMount(
    async ({ vfs, other, kindOf }) => {
      const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
      await vfs.fsyncdir(root, await vfs.opendir(root, rootIno))
      await vfs.write(root, handle, 0, text)
      const mtime = { sec: 1000, nsec: 0 }
      for (const changes of [{ mode: 0o640 }, { uid: 5, gid: 6 }, { mtime }])
        assert.equal(await kindOf(() => vfs.setattr(root, inode.ino, changes)), 'memory')
      assert.equal((await other.getattr(root, inode.ino)).mode, 0o100644)
      await vfs.fsync(root, handle, false)
      const seen = await other.getattr(root, inode.ino)
      assert.deepEqual([seen.mode, seen.uid, seen.mtime], [0o100640, 5, mtime])
      assert.equal(await readFile(other, rootIno, 'f'), 'some bytes')
    },
    { attributeAgeMs: 3_600_000 },
  )
})

test('chmod, chown, utimens of any other, setxattr and removexattr are journaled; large attributes committed', async () => {
  await gatedMount(async ({ vfs, other, kindOf }) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', 'x')
    for (const call of [
      () => vfs.setattr(root, ino, { mode: 0o640 }),
      () => vfs.setattr(root, ino, { uid: 5 }),
      () => vfs.setattr(root, ino, { mtime: { sec: 1, nsec: 0 } }),
      () => vfs.setxattr(root, ino, 'user.a', text, 0),
      () => vfs.removexattr(root, ino, 'user.a'),
    ])
      assert.equal(await kindOf(call), 'journaled', String(call))
    const large = () => vfs.setxattr(root, ino, 'user.large', Buffer.alloc(5000), 0)
    assert.equal(await kindOf(large), 'committed')
    assert.equal((await other.getxattr(root, ino, 'user.large'))?.length, 5000)
    assert.equal((await other.getattr(root, ino)).uid, 5)
  })
})

test('truncate, O_TRUNC, fallocate and copy_file_range are journaled alone, in memory by a writer', async () => {
  await gatedMount(async ({ vfs, other, kindOf }) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', 'x'.repeat(100))
    assert.equal(await kindOf(() => vfs.setattr(root, ino, { size: 50 })), 'journaled')
    assert.equal((await other.getattr(root, ino)).size, 50)
    const handle = await vfs.open(root, ino, O_RDWR)
    const source = await vfs.open(root, (await writeFile(vfs, rootIno, 'g', 'copied')).ino, 0)
    for (const call of [
      () => vfs.setattr(root, ino, { size: 20 }, handle),
      () => vfs.fallocate(root, handle, 0, 0, 30),
      () => vfs.copyFileRange(root, source, 0, handle, 0, 6),
      () => vfs.open(root, ino, O_RDWR | O_TRUNC),
    ])
      assert.equal(await kindOf(call), 'memory', String(call))
    assert.equal((await other.getattr(root, ino)).size, 50)
    await vfs.fsync(root, handle, false)
    assert.equal((await other.getattr(root, ino)).size, 0)
  })
})

test('close is journaled, a larger save committed; the last close is in memory, and a mapping is saved behind', async () => {
  await gatedMount(async ({ vfs, other, kindOf }) => {
    const { handle, inode } = await vfs.create(root, rootIno, 'f', 0o644, create)
    await vfs.write(root, handle, 0, text)
    assert.equal(await kindOf(() => vfs.flush(root, handle)), 'journaled')
    await vfs.write(root, handle, 0, Buffer.alloc(5 << 20, 1))
    assert.equal(await kindOf(() => vfs.flush(root, handle)), 'committed')
    await vfs.write(root, handle, 0, Buffer.from('M'), { fromMapping: true })
    assert.equal(await kindOf(() => vfs.release(root, handle)), 'memory')
    const reader = await other.open(root, inode.ino, O_RDONLY)
    const isSaved = async () => (await other.read(root, reader, 0, 1))[0]?.toString() === 'M'
    await waitFor('what the mapping dirtied to be saved', isSaved, 10_000)
    other.release(root, reader)
  })
})

test('a change within a file of more than 256 KiB is committed, one within a smaller file journaled', async () => {
  await gatedMount(async ({ vfs, kindOf }) => {
    for (const [size, kind] of [
      [262_144, 'journaled'],
      [262_145, 'committed'],
    ] as const) {
      const { ino } = await writeFile(vfs, rootIno, 'f', 'x'.repeat(size))
      const handle = await vfs.open(root, ino, O_RDWR)
      await vfs.write(root, handle, 1000, text)
      assert.equal(await kindOf(() => vfs.flush(root, handle)), kind, `${size} bytes`)
      await vfs.release(root, handle)
    }
  })
})

test('without the write lease, and where the disk has no room for the journal, what is journaled else is committed', async () => {
  let free: number | undefined
  const makes = (vfs: Vfs, name: string) => [
    () => vfs.mkdir(root, rootIno, `${name}.dir`, 0o755),
    () => vfs.create(root, rootIno, name, 0o644, create),
  ]
  const isCommitted = async ({ vfs, kindOf }: GatedMount) => {
    for (const call of makes(vfs, 'first'))
      assert.equal(await kindOf(call), free ? 'journaled' : 'committed', String(call))
    free = 1_000_000
    for (const call of makes(vfs, 'second'))
      assert.equal(await kindOf(call), 'committed', String(call))
  }
  await gatedMount(isCommitted, {}, { writeLease: false })
  free = 2 ** 30
  await gatedMount(isCommitted, {}, { freeBytes: () => free })
})

test('bytes are saved when they are 5 seconds old', async (t) => {
  await gatedMount(async ({ vfs, other, opened }) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
    await opened.replica.settled()
    await vfs.write(root, handle, 0, text)
    const beganMs = performance.now()
    const isSaved = async () => (await other.getattr(root, inode.ino)).size > 0
    await waitFor('the save', isSaved, 15_000)
    t.diagnostic(`after ${Math.round(performance.now() - beganMs)} ms`)
    assert.ok(performance.now() - beganMs > 4000, 'saved too often')
    await vfs.release(root, handle)
  })
})

test('with durability=close every close is committed', async () => {
  await gatedMount(
    async ({ vfs, other, kindOf }) => {
      const { handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
      await vfs.write(root, handle, 0, text)
      assert.equal(await kindOf(() => vfs.flush(root, handle)), 'committed')
      assert.equal(await readFile(other, rootIno, 'f'), 'some bytes')
    },
    { durableClose: true },
  )
})

test('fsync and fsyncdir are committed, with every change before them', async () => {
  await gatedMount(async ({ vfs, other, whileShut, kindOf }) => {
    const { handle } = await vfs.create(root, rootIno, 'f', 0o644, create)
    const directory = await vfs.opendir(root, rootIno)
    for (const [name, call] of [
      ['before fsync', () => vfs.fsync(root, handle, false)],
      ['before fsyncdir', () => vfs.fsyncdir(root, directory)],
    ] as const) {
      await vfs.write(root, handle, 0, Buffer.from(name))
      const isCommitted = async () => {
        await vfs.mkdir(root, rootIno, name, 0o755)
        await call()
        assert.ok(await other.lookup(root, rootIno, name), 'not there behind its fsync')
      }
      assert.equal(await kindOf(isCommitted), 'committed')
    }
    await whileShut(async () => undefined)
  })
})
