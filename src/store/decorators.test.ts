import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  commitOf,
  dirent,
  inodeRecord,
  newBlock,
  newHead,
  newVolume,
  scanAll,
  settle,
} from '../../test/store-contract/fixtures.js'
import { EntryKind } from '../volume/log-entry.js'
import { newUuid } from '../volume/uuid.js'
import { createMemoryStore } from './memory/memory-store.js'
import { type Store, StoreUnavailable } from './store.js'
import { type Faults, noFaults, seededRandom, withFaults } from './with-faults.js'
import { withMetrics } from './with-metrics.js'
import { withRetry } from './with-retry.js'

const immediately = async () => {}

function faulty(store: Store, change: Partial<Faults>, seed = 1) {
  const faults = { ...noFaults, ...change }
  const random = seededRandom(seed)
  return { faults, store: withFaults(store, faults, { random, sleep: immediately }) }
}

test('a lost request does nothing, a lost answer means it was done; both are unknown', async () => {
  const memory = createMemoryStore()
  const at = await newVolume(memory, [])
  const commit = commitOf(at, { puts: [dirent(1, 'a', 2)] })
  const before = faulty(memory, { failBefore: 1 }).store
  assert.equal((await before.commit(commit)).kind, 'unknown')
  await assert.rejects(before.readHead(at.volume), StoreUnavailable)
  assert.equal((await memory.readHead(at.volume))?.seq, 0)
  const after = faulty(memory, { failAfter: 1 }).store
  assert.equal((await after.commit(commit)).kind, 'unknown')
  assert.equal((await memory.readHead(at.volume))?.seq, 1)
  const again = await memory.commit(commit)
  assert.equal(again.kind === 'refused' && again.head?.request, commit.entry.request)
})

test('a late request is a ghost unless a void entry takes its seq', async () => {
  for (const isVoided of [false, true]) {
    const memory = createMemoryStore()
    const at = await newVolume(memory, [])
    const arrivals: (() => void)[] = []
    const sleep = () => new Promise<void>((resolve) => arrivals.push(resolve))
    const random = seededRandom(1)
    const store = withFaults(memory, { ...noFaults, late: 1 }, { random, sleep })
    const commit = commitOf(at, { puts: [dirent(1, 'ghost', 2)] })
    assert.equal((await store.commit(commit)).kind, 'unknown')
    if (isVoided) await settle(memory, commitOf(at, { kind: EntryKind.void }))
    for (const arrive of arrivals) arrive()
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal((await scanAll(memory, at.volume)).length, isVoided ? 0 : 1)
  }
})

test('a torn listing is an error, never a short result', async () => {
  const memory = createMemoryStore()
  const records = Array.from({ length: 20 }, (_, i) => dirent(1, `n${i + 10}`, i + 2))
  const at = await newVolume(memory, records)
  const { store, faults } = faulty(memory, { torn: 0.3 })
  const ends = { whole: 0, torn: 0 }
  for (let i = 0; i < 40; i++)
    try {
      assert.equal((await scanAll(store, at.volume, 5)).length, 20)
      ends.whole++
    } catch (error) {
      assert.ok(error instanceof StoreUnavailable)
      ends.torn++
    }
  assert.ok(ends.whole > 0 && ends.torn > 0, JSON.stringify(ends))
  faults.torn = 1
  assert.equal((await store.scan(at.volume, undefined, 5)).records.length, 5)
})

test('a first load that breaks off leaves no volume', async () => {
  const memory = createMemoryStore()
  const { store } = faulty(memory, { torn: 1 })
  const volume = newUuid()
  const pages = [[dirent(1, 'a', 2)], [inodeRecord(1)]]
  await assert.rejects(store.firstLoad(volume, newUuid(), pages, newHead()), StoreUnavailable)
  assert.equal(await memory.readHead(volume), undefined)
})

test('who is cut off gets nothing, and goes on when the cut ends', async () => {
  const memory = createMemoryStore()
  const at = await newVolume(memory, [])
  const { store, faults } = faulty(memory, { isCut: true })
  await assert.rejects(store.readHead(at.volume), StoreUnavailable)
  assert.equal((await store.commit(commitOf(at))).kind, 'unknown')
  faults.isCut = false
  assert.deepEqual(await store.readHead(at.volume), at.head)
})

test('what could not fail is hidden', () => {
  const memory = createMemoryStore()
  const { store } = faulty(memory, {})
  assert.equal(store.tables, undefined)
  assert.equal(store.getBlockSync, undefined)
  const options = { random: Math.random, sleep: immediately, keepTables: true }
  assert.ok(withFaults(memory, noFaults, options).getBlockSync)
})

test('the same seed gives the same faults', async () => {
  const run = async (seed: number) => {
    const memory = createMemoryStore()
    const { store } = faulty(memory, { failBefore: 0.3, failAfter: 0.3 }, seed)
    const ends: string[] = []
    for (let i = 0; i < 30; i++)
      ends.push(
        await store.clockMs().then(
          () => '.',
          () => 'x',
        ),
      )
    return ends.join('')
  }
  assert.equal(await run(7), await run(7))
  assert.notEqual(await run(7), await run(8))
})

test('retry asks again, a bounded number of times, with growing pauses', async () => {
  const memory = createMemoryStore()
  const { store: failing } = faulty(memory, { failBefore: 1 })
  const calls: string[] = []
  const metered = withMetrics(failing, { called: (method, end) => calls.push(`${method} ${end}`) })
  const pauses: number[] = []
  const sleep = async (ms: number) => pauses.push(ms)
  const options = { attemptsMax: 4, delayMs: 10, delayMsMax: 30, random: () => 0, sleep }
  const store = withRetry(metered, options)
  await assert.rejects(store.getBlocks(newUuid(), [newBlock().hash]), StoreUnavailable)
  assert.deepEqual(calls, Array(4).fill('getBlocks unavailable'))
  assert.deepEqual(pauses, [10, 20, 30])
})

test('retry leaves alone what asking twice could do twice, and errors that are answers', async () => {
  const memory = createMemoryStore()
  const at = await newVolume(memory, [])
  const calls: string[] = []
  const meter = { called: (method: string, end: string) => void calls.push(`${method} ${end}`) }
  const { store: failing, faults } = faulty(memory, { failBefore: 1 })
  const options = { attemptsMax: 4, delayMs: 0, delayMsMax: 0 }
  const store = withRetry(withMetrics(failing, meter), options)
  assert.equal((await store.commit(commitOf(at))).kind, 'unknown')
  await assert.rejects(store.firstLoad(newUuid(), newUuid(), [], newHead()))
  faults.failBefore = 0
  await assert.rejects(store.firstLoad(at.volume, at.owner, [], newHead()), { code: 'EEXIST' })
  assert.deepEqual(calls, ['commit unknown', 'firstLoad unavailable', 'firstLoad error'])
})

test('closing, or aborting, ends what waits for its next attempt', async () => {
  for (const how of ['close', 'abort']) {
    const { store: failing } = faulty(createMemoryStore(), { failBefore: 1 })
    const controller = new AbortController()
    const options = { attemptsMax: 5, delayMs: 1e6, delayMsMax: 1e6, signal: controller.signal }
    const store = withRetry(failing, options)
    const waiting = store.clockMs()
    setImmediate(() => (how === 'close' ? store.close() : controller.abort()))
    await assert.rejects(waiting, StoreUnavailable)
  }
})

test('many that wait for their next attempt at once are no leak', async () => {
  const warnings: string[] = []
  const listener = (warning: Error) => void warnings.push(warning.name)
  process.on('warning', listener)
  const { store: failing } = faulty(createMemoryStore(), { failBefore: 1 })
  const store = withRetry(failing, { attemptsMax: 5, delayMs: 1e6, delayMsMax: 1e6 })
  const waiting = Array.from({ length: 20 }, () => assert.rejects(store.clockMs()))
  await new Promise((resolve) => setImmediate(resolve))
  await store.close()
  await Promise.all(waiting)
  process.off('warning', listener)
  assert.deepEqual(warnings, [])
})

test('metrics tell how each call ended and how long it took', async () => {
  const memory = createMemoryStore()
  const at = await newVolume(memory, [])
  const calls: unknown[] = []
  let nowMs = 0
  const meter = { called: (...call: unknown[]) => void calls.push(call) }
  const store = withMetrics(memory, meter, () => (nowMs += 5))
  const commit = commitOf(at)
  await store.commit(commit)
  await store.commit(commit)
  await store.commit(commitOf({ ...at, head: commit.entry.head }, { begins: [newBlock().hash] }))
  await store.readHead(at.volume)
  assert.deepEqual(calls, [
    ['commit', 'applied', 5],
    ['commit', 'refused', 5],
    ['commit', 'missing', 5],
    ['readHead', 'ok', 5],
  ])
})
