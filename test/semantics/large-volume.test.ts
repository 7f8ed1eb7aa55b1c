/** From how many files on a volume on Cassandra is there at once, and loads behind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fixture, withoutScan } from '../simulation/replica-fixture.js'

/** Opens a volume of so many files, of which no listing of everything ever comes. */
async function open(usedInodes: number) {
  const fixture = await Fixture.create({ usedInodes })
  return fixture.open(withoutScan(fixture.memory), { limits: { storeTimeoutMs: 3_600_000 } })
}

test('a volume of more than 10,000 files is there before it is loaded, a smaller one is not', async () => {
  assert.ok((await open(10_001)).isLoading)
  await assert.rejects(open(10_000), /never ends|does not answer/)
})
