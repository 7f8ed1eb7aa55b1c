/** A quota behind early answers: who would exceed it is told at the call, not when it is committed. */
import assert from 'node:assert/strict'
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

  async function openHolder(quota: { quotaBytes?: number; quotaInodes?: number }) {
    const directory = join(mounts.sandbox.folder, 'state', 'store')
    const store = await openStore({ engine: 'lmdb', directory })
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
    await createEnvironment(store, '1', 'prod', { uid, gid, ...quota })
    await store.close()
    return mounts.mount('mnt')
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
})
