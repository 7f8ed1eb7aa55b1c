import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  create,
  Fixture,
  type TreeReplica,
  withCalls,
} from '../../test/simulation/replica-fixture.js'
import { SimJournals } from '../../test/simulation/sim-journals.js'
import type { HintListener, Store } from '../store/store.js'
import { newUuid } from '../volume/uuid.js'
import { LogHints } from './log-hints.js'
import { silentLogger } from './replica-options.js'

/** Nobody polls by himself for as long as a test takes. */
const entryTtlMs = 3_600_000

function withHints(store: Store, isLost: () => boolean): Store {
  const listeners = new Set<HintListener>()
  return withCalls(store, {
    async hints(_volume, listener) {
      listeners.add(listener)
      return {
        tell(seq) {
          for (const other of listeners)
            if (other !== listener && !isLost()) queueMicrotask(() => other.hint(seq))
        },
        close: () => void listeners.delete(listener),
      }
    },
  })
}

/** Two replicas on a store, one of which has the write lease and nothing to do. */
async function idleHolder(fixture: Fixture, store: Store, ttlMs = entryTtlMs) {
  const journals = new SimJournals(newUuid)
  const options = {
    entryTtlMs: ttlMs,
    journals: journals.open(
      () => true,
      () => {},
    ),
  }
  const [holder, other] = [await fixture.open(store, options), await fixture.open(store, options)]
  for (let count = 0; holder.status().early.lease !== 'held'; count++) {
    assert.ok(count < 10, 'it never gets the lease')
    await fixture.wait(create(holder, `of the holder ${count}`))
  }
  await fixture.wait(holder.settled())
  await fixture.pass(1000)
  return { holder, other }
}

const polls = (replica: TreeReplica): number => replica.status().polls

test('an idle holder gives the write lease back at the hint, and who asked for it learns by one too', async () => {
  const fixture = await Fixture.create()
  const { holder, other } = await idleHolder(
    fixture,
    withHints(fixture.memory, () => false),
  )
  const before = [polls(holder), polls(other)]
  await fixture.wait(Promise.resolve(other.ready()))
  await fixture.wait(create(other, 'of the other'))
  assert.equal(holder.status().early.recalls, 1)
  assert.equal(holder.status().early.releases, 1)
  assert.ok(polls(holder) - (before[0] ?? 0) <= 2)
  assert.ok(polls(other) - (before[1] ?? 0) <= 4)
})

test('where hints are lost, or cannot be had, the lease is handed over by polling', async () => {
  for (const isThere of [true, false]) {
    const fixture = await Fixture.create()
    const none = withCalls(fixture.memory, { hints: () => Promise.reject(new Error('no sockets')) })
    const store = isThere ? withHints(fixture.memory, () => true) : none
    const { holder, other } = await idleHolder(fixture, store, 1000)
    await fixture.wait(Promise.resolve(other.ready()))
    await fixture.wait(create(other, 'of the other'))
    assert.equal(holder.status().early.releases, 1)
    assert.equal(other.status().early.takes, 0)
  }
})

test('many hints, and false ones, cause few looks; one that tells nothing new causes none', async () => {
  const fixture = await Fixture.create()
  let listener: HintListener | undefined
  const store = withCalls(fixture.memory, {
    async hints(_volume, given) {
      listener = given
      return { tell() {}, close() {} }
    },
  })
  const { clock, identity } = fixture
  const context = { store, ...identity, clock, logger: silentLogger, seq: () => 7 }
  const hints = new LogHints(context)
  let looks = 0
  hints.look = async () => {
    looks++
    throw new Error('the store does not answer')
  }
  await hints.open()
  for (const seq of [0, 6, 7]) listener?.hint(seq)
  assert.equal(looks, 0)
  for (let count = 0; count < 1000; count++) {
    listener?.hint(Number.MAX_SAFE_INTEGER)
    await fixture.pass(0.1)
  }
  assert.ok(looks >= 5 && looks <= 11, `${looks} looks in 100 ms`)
  hints.close()
  const before = looks
  listener?.hint(8)
  await fixture.pass(100)
  assert.equal(looks, before)
})
