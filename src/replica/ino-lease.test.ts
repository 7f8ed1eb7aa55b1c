import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fixture, isErrno, withCalls } from '../../test/simulation/replica-fixture.js'
import { Errno } from '../posix/errno.js'
import type { Store } from '../store/store.js'
import { InoLease } from './ino-lease.js'

function lease(fixture: Fixture, store: Store = fixture.memory, isOffline = () => false): InoLease {
  return new InoLease({
    store,
    ...fixture.identity,
    clock: fixture.clock,
    random: () => 0.5,
    storeTimeoutMs: 5000,
    deadlineMs: 15_000,
    isOffline,
    signal: new AbortController().signal,
  })
}

test('no two leases of an owner give one number, and few calls have to wait', async () => {
  const fixture = await Fixture.create()
  const leases = [lease(fixture), lease(fixture), lease(fixture)]
  const given = new Set<number>()
  let waits = 0
  for (let count = 0; count < 20_000; count++) {
    const ino = leases[count % 3]?.allocate()
    if (ino instanceof Promise) waits++
    given.add((await fixture.wait(Promise.resolve(ino))) as number)
    if (count % 100 === 0) await fixture.pass(1)
  }
  assert.equal(given.size, 20_000)
  assert.ok(given.size > 0 && !given.has(1))
  assert.ok(waits <= 6, `${waits} calls had to wait`)
})

test('a range whose lease had no clear outcome is not used', async () => {
  const fixture = await Fixture.create()
  let calls = 0
  const unsure = withCalls(fixture.memory, {
    async compareAndSetOwner(owner, expect, next) {
      const outcome = await fixture.memory.compareAndSetOwner(owner, expect, next)
      return calls++ === 0 ? { kind: 'unknown', cause: new Error('no answer') } : outcome
    },
  })
  const first = await fixture.wait(Promise.resolve(lease(fixture, unsure).allocate()))
  assert.equal(calls, 2)
  assert.equal(first, 2 + 1024)
})

test('a store that does not answer for a while is waited for, as long as it is not known to be away', async () => {
  const fixture = await Fixture.create()
  const standsUntilMs = 9000
  let calls = 0
  const slow = withCalls(fixture.memory, {
    async compareAndSetOwner(owner, expect, next) {
      calls++
      await fixture.time.sleep(standsUntilMs - fixture.time.nowMs)
      return fixture.memory.compareAndSetOwner(owner, expect, next)
    },
  })
  const ino = await fixture.wait(Promise.resolve(lease(fixture, slow).allocate()))
  // What was asked at first is done too, and its outcome is known to nobody: that range is not used.
  assert.ok(ino > 1024, `${ino}`)
  assert.equal(calls, 3)

  const never = withCalls(fixture.memory, { compareAndSetOwner: () => new Promise(() => {}) })
  const beganMs = fixture.time.nowMs
  await assert.rejects(
    fixture.wait(Promise.resolve(lease(fixture, never).allocate())),
    isErrno(Errno.EIO),
  )
  assert.equal(Math.round((fixture.time.nowMs - beganMs) / 5000), 3)
  const known = lease(fixture, never, () => true).allocate()
  await assert.rejects(fixture.wait(Promise.resolve(known), 6000), isErrno(Errno.EIO))
})

test('after a discard no number comes up again that was seen or leased', async () => {
  const fixture = await Fixture.create()
  const inos = lease(fixture)
  const before = await fixture.wait(Promise.resolve(inos.allocate()))
  // The registry goes back to where it began.
  const { ownerName } = fixture.identity
  const present = await fixture.memory.readOwner(ownerName)
  assert.ok(present)
  await fixture.memory.compareAndSetOwner(ownerName, present, { ...present, nextIno: 2 })
  inos.discard(5000)
  const after = await fixture.wait(Promise.resolve(inos.allocate()))
  assert.ok(after > 5000 && after > before)
  assert.ok(((await fixture.memory.readOwner(ownerName))?.nextIno ?? 0) > after)
})

test('an owner that is gone is ESTALE, a store that does not answer EIO', async () => {
  const fixture = await Fixture.create()
  const absent = withCalls(fixture.memory, { readOwner: async () => undefined })
  await assert.rejects(
    fixture.wait(Promise.resolve(lease(fixture, absent).allocate())),
    isErrno(Errno.ESTALE),
  )
  const down = withCalls(fixture.memory, { readOwner: () => Promise.reject(new Error('down')) })
  await assert.rejects(
    fixture.wait(Promise.resolve(lease(fixture, down).allocate())),
    isErrno(Errno.EIO),
  )
})

test("a discard raises the registry's next number before anybody asks for one", async () => {
  const fixture = await Fixture.create()
  const { ownerName } = fixture.identity
  let isDown = true
  const store = withCalls(fixture.memory, {
    readOwner: (owner) =>
      isDown ? Promise.reject(new Error('down')) : fixture.memory.readOwner(owner),
  })
  lease(fixture).discard(5000)
  await fixture.pass(1000)
  assert.ok(((await fixture.memory.readOwner(ownerName))?.nextIno ?? 0) > 5000)
  const later = lease(fixture, store)
  later.discard(900_000)
  await fixture.pass(1000)
  isDown = false
  assert.ok((await fixture.wait(Promise.resolve(later.allocate()))) > 900_000)
})
