// With the write lease: what is answered in the tick of the call, and what waits for the store all the same.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { atOnce, counted, holding, read, writeAtOnce } from '../../test/vfs/holding.js'
import { openTestVfs, root } from '../../test/vfs/test-vfs.js'
import { createUnreliableStore } from '../../test/vfs/unreliable-store.js'
import { O_CREAT, O_RDWR } from '../posix/open-flags.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import { rootIno } from '../volume/inode.js'

test('names, attributes and small files are answered in the tick of the call', async () => {
  const counts = counted()
  await holding(counts, async (vfs, { replica }) => {
    const before = { ...counts }
    const ino = writeAtOnce(vfs, 'f', 'x'.repeat(20_000))
    atOnce(vfs.setattr(root, ino, { mode: 0o600 }), 'chmod')
    atOnce(vfs.setxattr(root, ino, 'user.a', Buffer.from('1'), 0), 'setxattr')
    atOnce(vfs.link(root, ino, rootIno, 'g'), 'link')
    atOnce(vfs.rename(root, rootIno, 'g', rootIno, 'h', 0), 'rename')
    atOnce(vfs.symlink(root, rootIno, 's', 'h'), 'symlink')
    atOnce(vfs.setattr(root, ino, { size: 5 }), 'truncate')
    atOnce(vfs.unlink(root, rootIno, 'f'), 'unlink')
    assert.deepEqual([counts.puts, counts.commits], [before.puts, before.commits])
    assert.equal(await read(vfs, ino), 'xxxxx')
    await replica.settled()
    assert.equal(counts.commits, before.commits + 1, 'one entry takes them all')
  })
})

test('many small files cost one call of the store, and one entry', async () => {
  const counts = counted()
  await holding(counts, async (vfs, { replica }) => {
    const before = { ...counts }
    for (let i = 0; i < 60; i++) writeAtOnce(vfs, `f${i}`, `${i}`.repeat(2000))
    await replica.settled()
    assert.deepEqual([counts.puts - before.puts, counts.commits - before.commits], [1, 1])
  })
})

test('fsync waits for the store, and with durability=close every close does', async () => {
  const counts = counted()
  await holding({ ...counts, vfs: { durableClose: true } }, async (vfs) => {
    const { handle } = await vfs.create(root, rootIno, 'f', 0o644, O_CREAT | O_RDWR)
    for (const end of [
      vfs.fsync.bind(vfs, root, handle, false),
      vfs.flush.bind(vfs, root, handle),
    ]) {
      const { commits } = counts
      await vfs.write(root, handle, 0, Buffer.from(`written after ${commits} commits`))
      await end()
      assert.ok(counts.commits > commits)
    }
    vfs.release(root, handle)
  })
})

for (const [what, bytes] of [
  ['of several blocks is answered at once too', 4_194_304],
  ['of a large file waits for the store', 4_194_305],
] as const)
  test(`a save ${what}`, async () => {
    const counts = counted()
    await holding(counts, async (vfs) => {
      const { handle } = await vfs.create(root, rootIno, 'f', 0o644, O_CREAT | O_RDWR)
      await vfs.write(root, handle, 0, Buffer.alloc(bytes, 1))
      const before = counts.commits
      const flushed = vfs.flush(root, handle)
      assert.equal(flushed instanceof Promise, bytes > 4_194_304)
      await flushed
      assert.equal(counts.puts > 0 && counts.commits > before, bytes > 4_194_304)
      const data = Buffer.concat(await vfs.read(root, handle, 0, bytes))
      assert.ok(data.equals(Buffer.alloc(bytes, 1)))
      await vfs.fsync(root, handle, false)
      assert.ok(counts.puts > 0 && counts.commits > before)
      vfs.release(root, handle)
    })
  })

test('an own commit that lands while a change is looked at holds up nothing', async () => {
  const counts = counted()
  const { store } = counts
  const { commit } = store
  let land = (): void => {}
  const freeBytes = () => {
    land()
    return undefined
  }
  await holding({ store, freeBytes }, async (vfs, { replica }) => {
    let isSent = false
    store.commit = (change) =>
      new Promise((resolve) => {
        isSent = true
        land = () => {
          land = () => {}
          resolve(commit.call(store, change))
        }
      })
    writeAtOnce(vfs, 'first', 'x'.repeat(5000))
    while (!isSent) await sleep(5)
    const { seq } = replica.head
    writeAtOnce(vfs, 'second', 'y'.repeat(5000))
    assert.equal(replica.head.seq, seq + 1, 'the commit has landed')
    assert.equal((await replica.lookup(rootIno, 'second'))?.type, 0o100000)
    store.commit = commit
    await vfs.syncfs(root)
    assert.equal(replica.head.usedBytes, 10_000)
  })
})

test('a mount with entry_ttl=0 sees what was answered early when it opens a file, or misses a name', async () => {
  const store = createUnreliableStore(createMemoryStore(), {
    seed: 2,
    delayMsMax: 3,
    unknownCommits: 0,
    remote: true,
  })
  await holding({ store }, async (vfs, { identity, replica }) => {
    const ino = writeAtOnce(vfs, 'f', 'before'.repeat(200))
    await replica.settled()
    const strict = await openTestVfs({
      store,
      identity,
      vfs: { pollAtOpen: true, readOnly: true },
      replica: { entryTtlMs: 0 },
    })
    try {
      await strict.vfs.lookup(root, rootIno, 'f')
      const handle = await vfs.open(root, ino, O_RDWR)
      atOnce(vfs.write(root, handle, 0, Buffer.from('answer')), 'write')
      atOnce(vfs.flush(root, handle), 'close')
      assert.equal((await read(strict.vfs, ino)).slice(0, 12), 'answerbefore')
      assert.notEqual(strict.replica.status().early.lease, 'foreign')
      const made = await vfs.mkdir(root, rootIno, 'made', 0o755)
      assert.equal((await strict.vfs.lookup(root, rootIno, 'made'))?.ino, made.ino)
      vfs.release(root, handle)
    } finally {
      await strict.close()
    }
  })
})
