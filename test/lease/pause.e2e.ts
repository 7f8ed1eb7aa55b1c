/** A holder that stands still, for all kinds of times, on both stores. */
import { after, before, describe, test } from 'node:test'
import { cassandraMissing, openTestCassandra, type TestCassandra } from '../support/cassandra.js'
import { targetMissing } from '../support/target.js'
import { type LeaseMounts, openLeaseMounts } from './lease-mounts.js'
import { pauseHolder, pausePlainMount } from './paused-holder.js'

const skip = (await targetMissing('cassfs')) ?? false

function testPauses(pausesS: readonly number[], open: () => Promise<LeaseMounts>): void {
  for (const seconds of pausesS)
    test(`for ${seconds} s: the other goes on, and nothing is lost unsaid`, async (t) => {
      const mounts = await open()
      t.after(() => mounts.close())
      t.diagnostic(JSON.stringify(await pauseHolder(mounts, seconds * 1000)))
    })
}

describe('a holder that stands still, embedded store', { skip }, () => {
  testPauses([5, 9, 11, 30], async () => openLeaseMounts())

  // A change may take 15 s.
  test('for 17 s without the write lease: no change fails', async (t) => {
    for (let round = 0; round < 2; round++) {
      const mounts = openLeaseMounts(['-write_lease=off'])
      t.after(() => mounts.close())
      await pausePlainMount(mounts, 17_000)
    }
  })
})

describe('a holder that stands still, Cassandra', {
  skip: skip || ((await cassandraMissing()) ?? false),
}, () => {
  let cassandra: TestCassandra
  let count = 0

  before(async () => {
    cassandra = await openTestCassandra()
  })
  after(() => cassandra?.close())

  testPauses([5, 11], async () => {
    const keyspace = `cassfs_pause_${process.pid}_${count++}`
    const flags = [`-server=${cassandra.server}`, `-keyspace=${keyspace}`]
    const mounts = openLeaseMounts(flags)
    await mounts.sandbox.run(['init', ...flags])
    return mounts
  })
})
