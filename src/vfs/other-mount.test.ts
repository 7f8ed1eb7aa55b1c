// What a mount tells its kernel, and does at an open, of what another mount changed just before.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  close,
  isErrno,
  openTestVfs,
  readAll,
  readFile,
  root,
  type TestVfs,
  writeFile,
} from '../../test/vfs/test-vfs.js'
import { createUnreliableStore } from '../../test/vfs/unreliable-store.js'
import { Errno } from '../posix/errno.js'
import { O_CREAT, O_RDONLY, O_RDWR, O_WRONLY } from '../posix/open-flags.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import { compareTimes } from '../volume/clock.js'
import { rootIno } from '../volume/inode.js'
import type { Invalidation } from './vfs.js'

/** `a`, and a mount `b` whose line is at hand. `b` follows the log only when it is told to. */
async function withTwo(
  pollAtOpen: boolean,
  body: (a: TestVfs, b: TestVfs, line: { deaf: boolean }) => Promise<void>,
): Promise<void> {
  const store = createMemoryStore()
  const a = await openTestVfs({ store })
  const line = createUnreliableStore(store, {
    seed: 1,
    delayMsMax: 1,
    unknownCommits: 0,
    remote: true,
  })
  const b = await openTestVfs({ store: line, identity: a.identity, vfs: { pollAtOpen } })
  try {
    await body(a, b, line)
  } finally {
    await a.close()
    await b.close()
  }
}

test('names in the root are told to the kernel, which never looked the root up', async () => {
  await withTwo(false, async (a, b) => {
    const told: Invalidation[] = []
    b.vfs.onInvalidate((invalidation) => told.push(invalidation))
    await writeFile(a.vfs, rootIno, 'f', 'x')
    await b.replica.poll()
    const names = told.flatMap((invalidation) => invalidation.names)
    assert.ok(names.some(({ parent, name }) => parent === rootIno && name === 'f'))
    assert.ok(told.some(({ inodes }) => inodes.some(({ ino }) => ino === rootIno)))
  })
})

test('an open that follows the log is ESTALE where the name now leads elsewhere', async () => {
  await withTwo(true, async (a, b) => {
    await writeFile(a.vfs, rootIno, 'f', 'old')
    await writeFile(a.vfs, rootIno, 'new', 'new')
    await b.replica.poll()
    const before = await b.vfs.lookup(root, rootIno, 'f')
    await a.vfs.rename(root, rootIno, 'f', rootIno, 'f.old', 0)
    await a.vfs.rename(root, rootIno, 'new', rootIno, 'f', 0)
    const open = async () => b.vfs.open(root, before?.ino ?? 0, O_RDONLY)
    await assert.rejects(open, isErrno(Errno.ESTALE))
    assert.equal(await readFile(b.vfs, rootIno, 'f'), 'new')
  })
})

test('a name is absent only after the log was followed, where opens follow it', async () => {
  await withTwo(true, async (a, b) => {
    assert.equal(await b.vfs.lookup(root, rootIno, 'f'), undefined)
    const { ino } = await writeFile(a.vfs, rootIno, 'f', 'x')
    assert.equal((await b.vfs.lookup(root, rootIno, 'f'))?.ino, ino)
  })
})

test('a file made here and removed elsewhere before it is answered lives on for its handle', async () => {
  await withTwo(false, async (a, b, line) => {
    line.deaf = true
    const creating = b.vfs.create(root, rootIno, 'f', 0o644, O_RDWR | O_CREAT)
    while (!a.replica.lookup(rootIno, 'f')) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      await a.replica.poll()
    }
    await a.vfs.unlink(root, rootIno, 'f')
    line.deaf = false
    await b.replica.poll()
    const { inode, handle } = await creating
    assert.equal((await b.vfs.getattr(root, inode.ino)).nlink, 0)
    await b.vfs.write(root, handle, 0, Buffer.from('mine'))
    assert.equal(await readAll(b.vfs, handle), 'mine')
    await close(b.vfs, handle)
    assert.equal(b.vfs.status().openHandles, 0)
  })
})

test('a save behind a later one of another mount does not turn the mtime back', async () => {
  await withTwo(false, async (a, b) => {
    const { ino } = await writeFile(a.vfs, rootIno, 'f', '0123456789')
    await b.replica.poll()
    const early = await b.vfs.open(root, ino, O_WRONLY)
    await b.vfs.write(root, early, 0, Buffer.from('B'))
    await new Promise((resolve) => setTimeout(resolve, 5))
    const late = await a.vfs.open(root, ino, O_WRONLY)
    await a.vfs.write(root, late, 5, Buffer.from('A'))
    await close(a.vfs, late)
    const before = (await a.vfs.getattr(root, ino)).mtime
    await close(b.vfs, early)
    const after = (await b.vfs.getattr(root, ino)).mtime
    assert.ok(compareTimes(after, before) > 0)
    assert.equal(await readFile(b.vfs, rootIno, 'f'), 'B1234A6789')
  })
})

test('a write after an mtime that was set ahead brings it back to now', async () => {
  await withTwo(false, async ({ vfs }) => {
    const { ino } = await writeFile(vfs, rootIno, 'f', 'x')
    const ahead = { sec: 4_000_000_000, nsec: 0 }
    await vfs.setattr(root, ino, { mtime: ahead })
    const handle = await vfs.open(root, ino, O_WRONLY)
    await vfs.write(root, handle, 0, Buffer.from('y'))
    const shown = (await vfs.getattr(root, ino)).mtime
    await close(vfs, handle)
    assert.deepEqual((await vfs.getattr(root, ino)).mtime, shown)
    assert.ok(shown.sec < ahead.sec)
  })
})

test('a save with a raised mtime, whose answer is lost, is found done', async () => {
  await withTwo(false, async (a, b, line) => {
    const { ino } = await writeFile(a.vfs, rootIno, 'f', '0123456789')
    await b.replica.poll()
    const early = await b.vfs.open(root, ino, O_WRONLY)
    await b.vfs.write(root, early, 0, Buffer.from('B'))
    await new Promise((resolve) => setTimeout(resolve, 5))
    await writeFile(a.vfs, rootIno, 'f', 'replaced by a')
    line.deaf = true
    const saving = b.vfs.fsync(root, early, false)
    await new Promise((resolve) => setTimeout(resolve, 200))
    line.deaf = false
    await b.replica.poll()
    await saving
    await close(b.vfs, early)
    const commits = b.replica.status().commits
    await b.vfs.settle()
    assert.equal(b.replica.status().commits, commits)
    assert.equal(await readFile(b.vfs, rootIno, 'f'), 'Beplaced by a')
  })
})
