// What becomes of early answers where the disk is full, a quota is used up, or the store is out of reach.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { atOnce, counted, holding, read, writeAtOnce } from '../../test/vfs/holding.js'
import { isErrno, root } from '../../test/vfs/test-vfs.js'
import { createUnreliableStore } from '../../test/vfs/unreliable-store.js'
import { Errno, FsError } from '../posix/errno.js'
import { O_CREAT, O_RDWR } from '../posix/open-flags.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import { type Clock, systemClock } from '../volume/clock.js'
import { rootIno } from '../volume/inode.js'

test('what makes something is not answered early where the disk is nearly full; what removes is', async () => {
  const counts = counted()
  let free: number | undefined
  await holding({ ...counts, freeBytes: () => free }, async (vfs) => {
    writeAtOnce(vfs, 'before', 'x'.repeat(5000))
    free = 1_000_000
    assert.ok(vfs.mkdir(root, rootIno, 'dir', 0o755) instanceof Promise)
    await sleep(50)
    atOnce(vfs.unlink(root, rootIno, 'before'), 'unlink')
  })
})

test('what the store keeps room for bounds what is answered early: by its bytes, not by its number', async () => {
  const { store } = counted()
  store.keptForAnswered = () => 3 * 2 ** 20
  await holding({ store }, async (vfs) => {
    writeAtOnce(vfs, 'small', 'x'.repeat(5000))
    const { handle } = atOnce(vfs.create(root, rootIno, 'large', 0o644, O_CREAT | O_RDWR), 'create')
    await vfs.write(root, handle, 0, Buffer.alloc(4 * 2 ** 20, 1))
    const flushed = vfs.flush(root, handle)
    assert.ok(flushed instanceof Promise, 'there is no room for 4 MiB')
    await flushed
    vfs.release(root, handle)
  })
})

test('a disk that is full behind an answer loses nothing: it is stored when there is room', async () => {
  const counts = counted()
  await holding(counts, async (vfs, { replica }) => {
    counts.failPut = () => new FsError(Errno.ENOSPC, 'no room')
    const ino = writeAtOnce(vfs, 'f', 'kept'.repeat(1000))
    await sleep(400)
    assert.equal(replica.status().early.uncommitted > 0, true)
    assert.equal(await read(vfs, ino), 'kept'.repeat(1000))
    counts.failPut = () => undefined
    await replica.settled()
    assert.equal(replica.status().early.lost, 0)
  })
})

test('as long as an answered block cannot be stored, the store is asked once between two naps', async () => {
  const counts = counted()
  let naps = 0
  const clock: Clock = {
    ...systemClock,
    setTimer(delayMs, fire, holds) {
      if (delayMs === 500) naps++
      return systemClock.setTimer(delayMs, fire, holds)
    },
  }
  const replica = { clock, random: () => 1 }
  await holding({ ...counts, replica }, async (vfs, { replica }) => {
    const puts = []
    counts.failPut = () => new FsError(Errno.ENOSPC, 'no room')
    for (let i = 0; i < 70; i++) writeAtOnce(vfs, `f${i}`, `${i} `.repeat(1000))
    for (let seen = 0; seen < 4; await sleep(20)) {
      if (naps === seen) continue
      seen = naps
      puts.push(counts.puts)
    }
    counts.failPut = () => undefined
    await replica.settled()
    assert.deepEqual(
      puts.slice(1),
      puts.slice(0, -1).map((before) => before + 1),
    )
  })
})

test('a quota is told at the call, not behind it', async () => {
  const counts = counted()
  await holding(counts, async (vfs, { replica }) => {
    const { head } = replica
    Object.assign(head, { quotaBytes: head.usedBytes + 30_000 })
    writeAtOnce(vfs, 'fits', 'x'.repeat(20_000))
    const { handle } = await vfs.create(root, rootIno, 'f', 0o644, O_CREAT | O_RDWR)
    await vfs.write(root, handle, 0, Buffer.alloc(20_000))
    await assert.rejects(async () => vfs.flush(root, handle), isErrno(Errno.EDQUOT))
    vfs.release(root, handle)
    await replica.settled()
    assert.equal(replica.status().early.lost, 0)
  })
})

test('with the store known to be out of reach, writes fail at once, and reads go on', async () => {
  const store = createUnreliableStore(createMemoryStore(), {
    seed: 1,
    unknownCommits: 0,
    remote: true,
  })
  await holding({ store }, async (vfs, { replica }) => {
    const ino = writeAtOnce(vfs, 'f', 'kept'.repeat(1000))
    const { handle } = await vfs.create(root, rootIno, 'log', 0o644, O_CREAT | O_RDWR)
    store.cut = true
    while (replica.status().state !== 'offline') await replica.poll().catch(() => undefined)
    for (const change of [
      () => vfs.write(root, handle, 0, Buffer.from('line\n')),
      () => vfs.fallocate(root, handle, 0, 0, 100),
      () => vfs.setattr(root, ino, { size: 1 }),
      () => vfs.mkdir(root, rootIno, 'dir', 0o755),
    ]) {
      const began = performance.now()
      await assert.rejects(async () => change(), isErrno(Errno.EIO))
      assert.ok(performance.now() - began < 1000)
    }
    assert.equal(await read(vfs, ino), 'kept'.repeat(1000))
    store.cut = false
    while (replica.status().state === 'offline') await sleep(20)
    await replica.settled()
    assert.equal(replica.status().early.lost, 0)
    vfs.release(root, handle)
  })
})
