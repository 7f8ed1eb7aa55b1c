// A replica that goes on from the copy that an earlier process left.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createEmptyVolume } from '../../test/simulation/empty-volume.js'
import {
  change,
  create,
  Fixture,
  mkdir,
  remote,
  type TreeReplica,
  withCalls,
} from '../../test/simulation/replica-fixture.js'
import { tryLock } from '../native/flock.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import type { Store } from '../store/store.js'
import { openCopyFolder } from '../tables/copy-folder.js'

interface Counted {
  readonly store: Store
  readonly calls: { scan: number; readLog: number }
}

function counted(memory: Store): Counted {
  const calls = { scan: 0, readLog: 0 }
  const store = withCalls(remote(memory), {
    scan(...args) {
      calls.scan++
      return memory.scan(...args)
    },
    readLog(...args) {
      calls.readLog++
      return memory.readLog(...args)
    },
  })
  return { store, calls }
}

/** Replicas of one volume, one after another, whose copies are in one folder. */
async function withFolder(
  body: (
    fixture: Fixture,
    open: (
      store: Store,
      limits?: { wholeInodesMax: number; pageSize: number },
    ) => Promise<TreeReplica>,
  ) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'cft-kept-'))
  try {
    const fixture = await Fixture.create()
    await body(fixture, (store, limits) =>
      fixture.open(store, {
        copies: openCopyFolder({
          directory,
          volume: fixture.identity.volume,
          tryLock: (fd) => tryLock(fd, 'exclusive'),
          warn: (message, fields) => assert.fail(`${message} ${JSON.stringify(fields)}`),
        }),
        ...(limits ? { limits } : {}),
      }),
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const names = (replica: TreeReplica, dir = 1) =>
  replica.list(dir, undefined, 100).map(({ name }) => name)

test('a restart reads the log since, and not one record', async () => {
  await withFolder(async (fixture, open) => {
    const writer = await fixture.open()
    const first = await open(remote(fixture.memory))
    const dir = await fixture.wait(mkdir(first, 'dir'))
    await fixture.wait(create(first, 'own', dir))
    await fixture.wait(writer.poll())
    await fixture.wait(first.close(100))
    await fixture.wait(create(writer, 'since', dir))
    await fixture.wait(change(writer, { op: 'unlink', parent: dir, name: 'own' }))

    const { store, calls } = counted(fixture.memory)
    const second = await open(store)
    assert.equal(calls.scan, 0)
    assert.equal(calls.readLog, 1)
    assert.equal(second.head.seq, writer.head.seq)
    assert.deepEqual(names(second, dir), ['since'])
    await fixture.wait(second.close(100))
  })
})

test('a copy behind an expired log, or of a store that went back, is loaded anew', async () => {
  await withFolder(async (fixture, open) => {
    const writer = await fixture.open()
    const first = await open(remote(fixture.memory))
    await fixture.wait(create(first, 'a'))
    await fixture.wait(first.close(100))
    await fixture.wait(create(writer, 'b'))
    await fixture.wait(create(writer, 'c'))
    fixture.memory.expireLog(fixture.identity.volume, writer.head.seq)
    const second = await open(remote(fixture.memory))
    assert.deepEqual(names(second), ['a', 'b', 'c'])
    assert.equal(second.status().reloads, 1)
    await fixture.wait(second.close(100))

    // The same volume as it was at the beginning, in another store.
    const restored = createMemoryStore({ nowMs: () => fixture.time.nowMs })
    const { volume, owner, ownerName } = fixture.identity
    await createEmptyVolume(restored, {}, sequence([owner, volume]))
    const third = await open(remote(restored))
    assert.deepEqual(names(third), [])
    assert.equal(third.status().reloads, 1)
    assert.ok((await restored.readOwner(ownerName))?.nextIno ?? 0 > 2)
    await fixture.wait(third.close(100))
  })
})

test('a copy that was not loaded to the end is not kept, one that was is', async () => {
  await withFolder(async (fixture, open) => {
    const limits = { wholeInodesMax: 0, pageSize: 2 }
    const writer = await fixture.open()
    for (let count = 0; count < 5; count++) await fixture.wait(create(writer, `f${count}`))
    const stuck = withCalls(remote(fixture.memory), {
      scan: (volume, after, limit) =>
        after && after.name > 'f2'
          ? new Promise(() => {})
          : fixture.memory.scan(volume, after, limit),
    })
    const first = await open(stuck, limits)
    await fixture.pass(1000)
    assert.ok(first.isLoading)
    await fixture.wait(first.close(100))

    const { store, calls } = counted(fixture.memory)
    const second = await open(store, limits)
    await fixture.pass(1000)
    assert.equal(second.isLoading, false)
    const pages = calls.scan
    assert.ok(pages > 2)
    await fixture.wait(second.close(100))

    const third = await open(store, limits)
    assert.equal(third.isLoading, false)
    assert.equal(calls.scan, pages)
    assert.equal(names(third).length, 5)
    await fixture.wait(third.close(100))
  })
})

function sequence(ids: string[]): () => string {
  return () => ids.shift() ?? crypto.randomUUID()
}
