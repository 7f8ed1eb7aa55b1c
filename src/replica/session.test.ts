import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  change,
  create,
  Fixture,
  remote,
  withCalls,
} from '../../test/simulation/replica-fixture.js'

async function sessions(fixture: Fixture): Promise<{ seq: number; pins: string[] }[]> {
  const leases = await fixture.memory.listLeases(`session/${fixture.identity.volume}/`)
  return leases.map(({ value }) => JSON.parse(value))
}

test('a replica reports how far it is, with the pins that belong to it, before it reads', async () => {
  const fixture = await Fixture.create()
  const writer = await fixture.open()
  await fixture.wait(create(writer, 'a'))
  const pins = ['aa'.repeat(32)]
  let isAnnounced = false
  const store = withCalls(fixture.memory, {
    tables: undefined,
    async scan(volume, after, limit) {
      isAnnounced = (await sessions(fixture)).some((session) => session.pins.length > 0)
      return fixture.memory.scan(volume, after, limit)
    },
  })
  const replica = await fixture.open(store, { pins: () => pins })
  assert.ok(isAnnounced, 'read before its session stood')
  await fixture.wait(change(writer, { op: 'unlink', parent: 1, name: 'a' }))
  await fixture.wait(replica.poll())
  pins.push('bb'.repeat(32))
  await fixture.pass(20_000)
  const own = (await sessions(fixture)).find((session) => session.pins.length > 0)
  assert.deepEqual(own, { seq: 2, pins })
  await fixture.wait(replica.close(1000))
  assert.equal((await sessions(fixture)).length, 1)
})

test('a session lives on through an outage shorter than its time', async () => {
  const fixture = await Fixture.create()
  let isDown = false
  const store = withCalls(remote(fixture.memory), {
    acquireLease: (lease, ttlMs) =>
      isDown ? Promise.reject(new Error('down')) : fixture.memory.acquireLease(lease, ttlMs),
  })
  await fixture.open(store)
  isDown = true
  await fixture.pass(25_000)
  isDown = false
  await fixture.pass(300_000)
  assert.equal((await sessions(fixture)).length, 1)
})
