// With the write lease: what is answered in the tick of the call, what waits for the store all the same, and
// what becomes of answers when the store fails behind them.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SimJournals } from '../../test/simulation/sim-journals.js'
import { isErrno, openTestVfs, root, type TestVfs } from '../../test/vfs/test-vfs.js'
import { createUnreliableStore } from '../../test/vfs/unreliable-store.js'
import { Errno, FsError } from '../posix/errno.js'
import { O_CREAT, O_RDWR } from '../posix/open-flags.js'
import type { ReplicaOptions } from '../replica/replica-options.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import type { Store } from '../store/store.js'
import { type Clock, systemClock } from '../volume/clock.js'
import { rootIno } from '../volume/inode.js'
import type { Intent } from './intents/intent.js'
import type { Vfs } from './vfs.js'
import type { VfsOptions } from './vfs-options.js'

interface Counts {
  puts: number
  commits: number
  /** What putBlocks is answered with. */
  failPut: () => Error | undefined
  readonly store: Store
}

function counted(): Counts {
  const store = createMemoryStore()
  const counts: Counts = { puts: 0, commits: 0, failPut: () => undefined, store }
  const { putBlocks, commit } = store
  store.putBlocks = async (owner, blocks) => {
    counts.puts++
    const failure = counts.failPut()
    if (failure) throw failure
    return putBlocks.call(store, owner, blocks)
  }
  store.commit = (change) => {
    counts.commits++
    return commit.call(store, change)
  }
  return counts
}

interface Holding {
  readonly store: Store
  readonly vfs?: Partial<VfsOptions>
  readonly freeBytes?: () => number | undefined
  readonly replica?: Partial<ReplicaOptions<Intent>>
}

/** Runs `body` on a mount that holds the write lease. */
async function holding(
  { store, vfs, freeBytes, replica }: Holding,
  body: (vfs: Vfs, opened: TestVfs) => Promise<void>,
): Promise<void> {
  const journals = new SimJournals(randomUUID).open(
    () => true,
    () => undefined,
  )
  const opened = await openTestVfs({
    store,
    ...(vfs ? { vfs } : {}),
    replica: { journals, writeLease: true, ...(freeBytes ? { freeBytes } : {}), ...replica },
  })
  try {
    const isHolder = () => opened.replica.status().early.lease === 'held'
    for (let i = 0; i < 200 && !isHolder(); i++)
      await opened.vfs.mkdir(root, rootIno, `d${i}`, 0o755)
    assert.ok(isHolder(), 'who commits one change after the other gets the lease')
    await opened.replica.settled()
    await body(opened.vfs, opened)
  } finally {
    await opened.close()
  }
}

function atOnce<T>(answer: T | Promise<T>, what: string): T {
  if (answer instanceof Promise) throw new Error(`${what} is answered through a promise`)
  return answer
}

function writeAtOnce(vfs: Vfs, name: string, text: string): number {
  const { handle, inode } = atOnce(
    vfs.create(root, rootIno, name, 0o644, O_CREAT | O_RDWR),
    'create',
  )
  atOnce(vfs.write(root, handle, 0, Buffer.from(text)), 'write')
  atOnce(vfs.flush(root, handle), 'close')
  vfs.release(root, handle)
  return inode.ino
}

async function read(vfs: Vfs, ino: number): Promise<string> {
  const handle = await vfs.open(root, ino, 0)
  const bytes = Buffer.concat(await vfs.read(root, handle, 0, 1_000_000))
  vfs.release(root, handle)
  return bytes.toString()
}

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
