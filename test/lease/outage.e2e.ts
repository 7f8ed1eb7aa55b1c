/** Cassandra goes away behind answers that were given before the commit. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { after, afterEach, before, describe, type TestContext, test } from 'node:test'
import { cassandraMissing, openTestCassandra, type TestCassandra } from '../support/cassandra.js'
import { targetMissing } from '../support/target.js'
import { type LeaseMount, type LeaseMounts, openLeaseMounts } from './lease-mounts.js'
import { SmallFiles } from './small-files.js'

const missing = (await targetMissing('cassfs')) ?? (await cassandraMissing())
const seed = Number(process.env.CASSFS_TEST_SEED ?? Date.now() % 1_000_000_000)
/** A change fails within 15 s; the rest is what a busy machine may take. */
const refusedMsMax = 15_000 + 3_000
/** It needs no answer of the store, and so none of its time limits. */
const atOnceMsMax = 2_000
/** A node that was away has this long to serve again. */
const backMs = 60_000

describe(`Cassandra away behind early answers (seed ${seed})`, { skip: missing ?? false }, () => {
  let cassandra: TestCassandra
  let mounts: LeaseMounts
  let pid: number
  let count = 0

  before(async () => {
    cassandra = await openTestCassandra({ own: true })
    const [first] = await cassandra.pids()
    pid = first ?? 0
    if (!pid) {
      await cassandra.close() // after a failed before, no after is run
      assert.fail('the node has no pid')
    }
  })
  after(() => cassandra?.close())
  afterEach(async () => {
    process.kill(pid, 'SIGCONT')
    await mounts?.close()
  })

  /** The only writer of a new volume, with the lease. */
  async function openHolder(files: SmallFiles): Promise<LeaseMount> {
    const flags = [`-server=${cassandra.server}`, `-keyspace=cassfs_outage_${count++}`]
    mounts = openLeaseMounts(flags)
    const { status, stderr } = await mounts.sandbox.run(['init', ...flags])
    assert.equal(status, 0, stderr)
    const one = await mounts.mount('mnt')
    const deadline = Date.now() + backMs
    while ((await one.status()).writeLease.state !== 'held') {
      assert.ok(Date.now() < deadline, `no lease:\n${one.log()}`)
      for (let changes = 0; changes < 20; changes++) await files.write(one.dir, 100)
    }
    return one
  }

  /** Stops the node, and writes until a change is refused. */
  async function fillJournal(t: TestContext, one: LeaseMount, files: SmallFiles): Promise<void> {
    const before = files.answered.length
    process.kill(pid, 'SIGSTOP')
    while (files.refused.length === 0) await files.write(one.dir, 1000)
    const answered = files.answered.length - before
    const { uncommittedChanges } = (await one.status()).writeLease
    const [refused] = files.refused
    t.diagnostic(
      `${answered} files answered and ${uncommittedChanges} changes uncommitted in the outage; ` +
        `the next got ${refused?.error} after ${Math.round(refused?.tookMs ?? 0)} ms`,
    )
    assert.ok(answered > 0 && uncommittedChanges >= answered, 'nothing is in the journal')
    assert.equal(refused?.error, 'EIO')
    assert.ok(refused.tookMs < refusedMsMax, `refused after ${refused.tookMs} ms`)
  }

  async function assertWhole(one: LeaseMount, files: SmallFiles): Promise<void> {
    assert.deepEqual(await files.missing(one.dir), [])
    const names = new Set(await readdir(one.dir))
    assert.deepEqual(
      files.answered.filter(({ name }) => !names.has(name)),
      [],
    )
    assert.equal((await one.status()).writeLease.lostChanges, 0)
    // The bytes of those whose close was refused are kept.
    const refused = new Set(files.refused.map(({ name }) => `/${name}`))
    const rescued = (await mounts.rescued()).map(({ path }) => path ?? '')
    assert.deepEqual(
      rescued.filter((path) => !refused.has(path)),
      [],
    )
  }

  test('reads go on, changes fail, and all that was answered is committed when it is back', async (t) => {
    const files = new SmallFiles(seed)
    const one = await openHolder(files)
    await fillJournal(t, one, files)
    await one.said(/the store does not answer/, 20_000)
    for (let change = 0; change < 5; change++) {
      const { error, tookMs } = await files.write(one.dir, 1000)
      assert.equal(error, 'EIO')
      assert.ok(tookMs < atOnceMsMax, `known to be away, and refused after ${tookMs} ms`)
    }
    await assertWhole(one, files)
    process.kill(pid, 'SIGCONT')
    const backAt = performance.now()
    await one.until('drained', ({ writeLease }) => writeLease.uncommittedChanges === 0, backMs)
    t.diagnostic(`all committed ${Math.round(performance.now() - backAt)} ms after the node`)
    assert.equal((await files.write(one.dir, 1000)).error, undefined)
    await assertWhole(one, files)
    await one.unmount()
    await assertWhole(await mounts.mount('mnt'), files)
  })

  test('what a holder answered that was killed in the outage is committed by the next', async (t) => {
    const files = new SmallFiles(seed)
    const one = await openHolder(files)
    await fillJournal(t, one, files)
    await one.kill()
    await assert.rejects(mounts.mount('mnt'), /the mount ended at once/)
    process.kill(pid, 'SIGCONT')
    const next = await mounts.mount('mnt')
    await assertWhole(next, files)
    await next.until('drained', ({ writeLease }) => writeLease.uncommittedChanges === 0, backMs)
    assert.match(next.log(), /carried on.*changes=[1-9]/)
    await next.unmount()
    await assertWhole(await mounts.mount('mnt'), files)
  })
})
