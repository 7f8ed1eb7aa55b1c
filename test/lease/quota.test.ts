/** A quota behind early answers: who would exceed it is told at the call, not when it is committed. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { createEnvironment } from '../../src/environments/create-environment.js'
import { openStore } from '../../src/store/open-store.js'
import { targetMissing } from '../support/target.js'
import { type LeaseMount, type LeaseMounts, openLeaseMounts } from './lease-mounts.js'
import { SmallFiles } from './small-files.js'

const skip = (await targetMissing('cassfs')) ?? false
const fileBytes = 20_000

describe('a quota behind early answers', { skip }, () => {
  let mounts: LeaseMounts

  beforeEach(() => {
    mounts = openLeaseMounts()
  })
  afterEach(() => mounts.close())

  async function limit(quota: { quotaBytes?: number; quotaInodes?: number }): Promise<void> {
    const directory = join(mounts.sandbox.folder, 'state', 'store')
    const store = await openStore({ engine: 'lmdb', directory })
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
    await createEnvironment(store, '1', 'prod', { uid, gid, ...quota })
    await store.close()
  }

  async function openHolder(quota: { quotaBytes?: number; quotaInodes?: number }) {
    await limit(quota)
    return mounts.mount('mnt')
  }

  /** Two mounts, on each of which programs write until nothing fits any more; what was answered there. */
  async function fillBoth(bytes: number): Promise<{ both: LeaseMount[]; files: SmallFiles[] }> {
    const both = [await mounts.mount('one'), await mounts.mount('two')]
    const files = both.map((_, at) => new SmallFiles(at))
    const writers = both.flatMap(({ dir }, at) => {
      mkdirSync(join(dir, `of${at}`))
      const own = files[at] as SmallFiles
      return [1, 2, 3].map(async () => {
        while (own.refused.length < 6) await own.write(join(dir, `of${at}`), bytes)
      })
    })
    await Promise.all(writers)
    for (const one of both)
      await one.until('drained', ({ writeLease }) => writeLease.uncommittedChanges === 0)
    for (const [at, own] of files.entries()) {
      assert.deepEqual([...new Set(own.refused.map(({ error }) => error))], ['EDQUOT'])
      assert.deepEqual(await own.missing(join(both[at]?.dir ?? '', `of${at}`)), [])
    }
    return { both, files }
  }

  /** Two refused files one after the other: nothing fits any more. */
  async function fill(one: LeaseMount, files: SmallFiles): Promise<void> {
    while (files.refused.length < 2) await files.write(one.dir, fileBytes)
    const { writeLease } = await one.status()
    assert.equal(writeLease.state, 'held')
    assert.deepEqual(
      files.refused.map(({ error }) => error),
      ['EDQUOT', 'EDQUOT'],
    )
  }

  async function assertWhole(one: LeaseMount, files: SmallFiles): Promise<void> {
    assert.deepEqual(await files.missing(one.dir), [])
    assert.equal((await one.status()).writeLease.lostChanges, 0)
  }

  test('of bytes: EDQUOT at write or close, exactly when it is used up; rm makes room', async () => {
    const fit = 100
    const files = new SmallFiles(1)
    const one = await openHolder({ quotaBytes: fit * fileBytes + fileBytes / 2 })
    await fill(one, files)
    assert.equal(files.answered.length, fit)
    const [first] = files.answered
    assert.ok(first)
    assert.equal(await files.remove(one.dir, first), undefined)
    assert.equal((await files.write(one.dir, fileBytes)).error, undefined)
    assert.equal((await files.write(one.dir, fileBytes)).error, 'EDQUOT')
    await one.until('drained', ({ writeLease }) => writeLease.uncommittedChanges === 0)
    await assertWhole(one, files)
    await one.unmount()
    await assertWhole(await mounts.mount('mnt'), files)
  })

  test('of inodes: EDQUOT at creat, exactly when it is used up', async () => {
    const files = new SmallFiles(1)
    const one = await openHolder({ quotaInodes: 101 })
    await fill(one, files)
    assert.equal(files.answered.length, 100) // and the root
    await one.kill()
    await assertWhole(await mounts.mount('mnt'), files)
  })

  test('of bytes, two mounts that write at once: their sum never exceeds it by a byte', async () => {
    const bytes = 7001
    const quotaBytes = 60 * bytes + 5
    await limit({ quotaBytes })
    const large = await fillBoth(bytes)
    const [one] = large.both
    assert.ok(one)
    const count = large.files.reduce((sum, { answered }) => sum + answered.length, 0)
    assert.equal(count, 60)
    assert.ok(
      large.files.every(({ answered }) => answered.length > 0),
      'one had no turn',
    )
    const [exact, over] = [new SmallFiles(2), new SmallFiles(3)]
    // Names of files whose bytes did not fit are there, and are inodes.
    for (const [at, own] of large.files.entries())
      for (const file of [...own.refused])
        assert.equal(await own.remove(join(one.dir, `of${at}`), file), undefined)
    assert.equal((await over.write(one.dir, 6)).error, 'EDQUOT')
    assert.equal((await exact.write(one.dir, 5)).error, undefined)
    assert.equal((await over.write(one.dir, 1)).error, 'EDQUOT')
    assert.equal((await statfs(one.dir)).bfree, 0)
  })

  test('of inodes, two mounts that write at once: their sum never exceeds it by one', async () => {
    const quotaInodes = 60
    await limit({ quotaInodes })
    const { both, files } = await fillBoth(100)
    const count = files.reduce((sum, { answered }) => sum + answered.length, 0)
    assert.equal(count, quotaInodes - 3) // the root, and a folder of each mount
    assert.ok(
      files.every(({ answered }) => answered.length > 0),
      'one had no turn',
    )
    const shown = await statfs(both[0]?.dir ?? '')
    assert.deepEqual([shown.files, shown.ffree], [quotaInodes, 0])
  })
})
