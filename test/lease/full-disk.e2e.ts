/** A disk that fills up behind answers that were given before the commit. */
import assert from 'node:assert/strict'
import { mkdirSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { takeRest } from '../support/full-disk.js'
import { run, waitFor } from '../support/process.js'
import { targetMissing } from '../support/target.js'
import { type LeaseMount, type LeaseMounts, openLeaseMounts } from './lease-mounts.js'
import { type SmallFile, SmallFiles } from './small-files.js'

const skip =
  (await targetMissing('cassfs')) ??
  (process.getuid?.() === 0 ? false : 'only root may mount a tmpfs; run as root')
const seed = Number(process.env.CASSFS_TEST_SEED ?? Date.now() % 1_000_000_000)
/** Who is refused is told; nobody waits for room that does not come. */
const answeredMsMax = 10_000
/** Blocks of what was removed go behind. */
const roomMsMax = 60_000
/** With what is kept aside nobody has to make room first. */
const removedMsMax = 5_000

describe(`a full disk behind early answers (seed ${seed})`, { skip }, () => {
  let mounts: LeaseMounts

  beforeEach(() => {
    mounts = openLeaseMounts()
  })
  afterEach(() => mounts.close())

  /** A disk of its own for a part of the state folder; '' is all of it. */
  async function smallDisk(part: string, bytes: number): Promise<void> {
    const folder = join(mounts.sandbox.folder, 'state', part)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', folder])
  }

  /** Until the disk is full, and some times more. */
  async function fill(t: TestContext, one: LeaseMount, files: SmallFiles): Promise<void> {
    while (files.refused.length < 20) await files.write(one.dir)
    assert.match(one.log(), /write lease granted/)
    const { refused, answered } = files
    const slowestMs = Math.round(Math.max(...files.all.map(({ tookMs }) => tookMs)))
    t.diagnostic(
      `${answered.length} files answered, then no room; the slowest took ${slowestMs} ms`,
    )
    assert.deepEqual([...new Set(refused.map(({ error }) => error))], ['ENOSPC'])
    assert.ok(slowestMs < answeredMsMax, `${slowestMs} ms`)
  }

  /** Every answered file is as it was written, and nothing was lost behind an answer. */
  async function assertWhole(one: LeaseMount, files: SmallFiles): Promise<void> {
    assert.deepEqual(await files.missing(one.dir), [])
    const known = new Set(files.all.map(({ name }) => name))
    assert.deepEqual(
      (await readdir(one.dir)).filter((name) => !known.has(name)),
      [],
      'removed, and there again',
    )
    assert.equal((await one.status()).writeLease.lostChanges, 0)
  }

  /** What is full goes on as soon as something was removed. */
  async function goesOn(one: LeaseMount, files: SmallFiles): Promise<void> {
    for (const file of files.answered.slice(0, files.answered.length / 2))
      assert.equal(await files.remove(one.dir, file), undefined, `rm ${file.name}`)
    const hasRoom = async () => (await files.write(one.dir)).error === undefined
    await waitFor('room for a file', hasRoom, roomMsMax)
    const isDrained = ({ writeLease }: { writeLease: { uncommittedChanges: number } }) =>
      writeLease.uncommittedChanges === 0
    await one.until('drained', isDrained, roomMsMax)
    await assertWhole(one, files)
  }

  test('the store alone: who writes gets ENOSPC, rm works, and it goes on', async (t) => {
    await smallDisk('store', 48 * 2 ** 20)
    const files = new SmallFiles(seed)
    const one = await mounts.mount('mnt')
    await fill(t, one, files)
    await assertWhole(one, files)
    await goesOn(one, files)
    await one.unmount()
    await assertWhole(await mounts.mount('mnt'), files)
  })

  test('store and journal: a mount that was killed on the full disk has lost nothing', async (t) => {
    await smallDisk('', 48 * 2 ** 20)
    const files = new SmallFiles(seed)
    const one = await mounts.mount('mnt')
    await fill(t, one, files)
    await one.kill()
    const next = await mounts.mount('mnt')
    await assertWhole(next, files)
    await goesOn(next, files)
  })

  test('another program takes the rest of the disk behind answers: nothing waits for it', async (t) => {
    await smallDisk('', 128 * 2 ** 20)
    const files = new SmallFiles(seed)
    const one = await mounts.mount('mnt')
    while (!/write lease granted/.test(one.log())) await files.write(one.dir)
    await Promise.all(Array.from({ length: 100 }, () => files.write(one.dir)))
    one.signal('SIGSTOP')
    takeRest(join(mounts.sandbox.folder, 'state'))
    const reserve = join(mounts.sandbox.folder, 'state', 'store', 'reserve')
    const keptBytes = statSync(reserve).size
    one.signal('SIGCONT')
    // Longer than anything is answered early behind what cannot be committed.
    await sleep(1500)
    const beganMs = performance.now()
    assert.equal(await files.remove(one.dir, files.answered[0] as SmallFile), undefined)
    const tookMs = Math.round(performance.now() - beganMs)
    t.diagnostic(`rm took ${tookMs} ms`)
    assert.ok(tookMs < removedMsMax, `${tookMs} ms`)
    await one.until('drained', (facts) => facts.writeLease.uncommittedChanges === 0)
    const leftBytes = statSync(reserve, { throwIfNoEntry: false })?.size ?? 0
    t.diagnostic(`${keptBytes} bytes were kept aside, ${leftBytes} of them are left`)
    assert.ok(leftBytes < keptBytes, 'nothing was answered that had to be stored')
    assert.deepEqual(files.refused, [])
    await assertWhole(one, files)
    await one.kill()
    await assertWhole(await mounts.mount('mnt'), files)
  })

  test('the journal alone: what does not fit waits for its commit, and nothing fails', async (t) => {
    await smallDisk('journal', 2 ** 20)
    const files = new SmallFiles(seed)
    const one = await mounts.mount('mnt')
    while (files.all.length < 300) await files.write(one.dir)
    assert.match(one.log(), /write lease granted/)
    // It is emptied as often as it is full: what comes behind that is answered early once more.
    const refused = one.log().match(/cannot be journaled/g)?.length ?? 0
    assert.ok(refused > 1 && refused < 60, `said ${refused} times that it is full`)
    t.diagnostic(`full ${refused} times`)
    assert.deepEqual(files.refused, [])
    await one.kill()
    await assertWhole(await mounts.mount('mnt'), files)
  })

  test('the spool alone: ENOSPC to who writes more than it holds, all else goes on', async () => {
    await smallDisk('spool', 4 * 2 ** 20)
    const files = new SmallFiles(seed)
    const one = await mounts.mount('mnt')
    for (let round = 0; round < 3; round++) {
      for (let at = 0; at < 20; at++) assert.equal((await files.write(one.dir)).error, undefined)
      const large = await files.write(one.dir, 64 * 2 ** 20)
      assert.equal(large.error, 'ENOSPC')
      assert.equal(await files.remove(one.dir, large), undefined)
    }
    // Less than it holds: what the refused ones took is free again.
    assert.equal((await files.write(one.dir, 2 * 2 ** 20)).error, undefined)
    await assertWhole(one, files)
    await one.kill()
    await assertWhole(await mounts.mount('mnt'), files)
  })
})
