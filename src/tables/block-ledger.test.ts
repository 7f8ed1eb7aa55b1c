import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MemoryBlocks } from '../store/memory/memory-blocks.js'
import type { Hash } from '../volume/inode.js'
import { newUuid } from '../volume/uuid.js'
import {
  countNames,
  deleteUnnamed,
  missingBlocks,
  noteUpload,
  unnamedMsMax,
} from './block-ledger.js'
import { dueTrails, endTrails, parseSession, type Session } from './trail-sweep.js'

const owner = newUuid()
const volume = newUuid()
const limits = { seenMax: 1e6, dueMax: 1e6 }
const hashOf = (id: number): Hash => id.toString(16).padStart(64, '0')

/** Blocks 0-5 name nothing; 6-8 are manifests of blocks, 9-11 manifests of manifests and blocks. */
const graph = Array.from({ length: 12 }, (_, id) => {
  if (id < 6) return []
  return id < 9 ? [id - 6, id - 5, 5] : [id - 3, id === 11 ? 6 : id - 2, 5]
})
const refsOf = (id: number) => [...new Set(graph[id])].map(hashOf)

function sweep(rows: MemoryBlocks, sessions: readonly Session[], nowMs: number): void {
  endTrails(rows, dueTrails(rows, sessions, nowMs, limits).trails)
}

/** How often each block is named: by records, and by manifests that are named. */
function expectedCounts(records: readonly number[]): number[] {
  const counts = Array<number>(12).fill(0)
  for (const id of records) counts[id] = (counts[id] ?? 0) + 1
  for (let id = 11; id >= 0; id--)
    if (counts[id]) for (const ref of new Set(graph[id])) counts[ref] = (counts[ref] ?? 0) + 1
  return counts
}

const ids = fc.array(fc.nat({ max: 11 }), { maxLength: 4 })
const steps = fc.array(fc.record({ begins: ids, ceases: ids, sweep: fc.boolean() }), {
  maxLength: 40,
})

test('whatever entries name, counts are exact, and a sweep leaves what is named and nothing else', () => {
  fc.assert(
    fc.property(steps, (entries) => {
      const rows = new MemoryBlocks()
      let [seq, nowMs] = [0, 1e12]
      let records: number[] = []
      for (const entry of entries) {
        for (let id = 0; id < 12; id++) noteUpload(rows, owner, hashOf(id), refsOf(id), nowMs)
        const ceases = entry.ceases.filter((id, at) => {
          const before = entry.ceases.slice(0, at).filter((other) => other === id).length
          return records.filter((other) => other === id).length > before
        })
        const begins = entry.begins.map(hashOf)
        assert.deepEqual(missingBlocks(rows, owner, begins), [])
        countNames(rows, { volume, seq: ++seq, owner }, begins, ceases.map(hashOf))
        for (const id of ceases) records = records.toSpliced(records.indexOf(id), 1)
        records.push(...entry.begins)
        const counts = expectedCounts(records)
        assert.deepEqual(
          counts.map((_, id) => rows.block(owner, hashOf(id))?.count),
          counts,
        )
        if (!entry.sweep) continue
        nowMs += unnamedMsMax + 1
        sweep(rows, [], nowMs)
        assert.deepEqual(
          counts.map((_, id) => rows.block(owner, hashOf(id)) !== undefined),
          counts.map((count) => count > 0),
        )
        assert.deepEqual(rows.trails(undefined, 1), [])
      }
    }),
    { numRuns: 200 },
  )
})

test('what is missing is told through manifests of manifests', () => {
  const rows = new MemoryBlocks()
  for (const id of [9, 6, 0, 5]) noteUpload(rows, owner, hashOf(id), refsOf(id), 0)
  assert.deepEqual(missingBlocks(rows, owner, [hashOf(9)]).toSorted(), [hashOf(1), hashOf(7)])
})

test('a pin of a manifest keeps everything below it', () => {
  const rows = new MemoryBlocks()
  for (let id = 0; id < 12; id++) noteUpload(rows, owner, hashOf(id), refsOf(id), 0)
  countNames(rows, { volume, seq: 1, owner }, [hashOf(9)], [])
  countNames(rows, { volume, seq: 2, owner }, [], [hashOf(9)])
  sweep(rows, [{ volume, seq: 2, pins: [hashOf(9)] }], 1e9)
  const left = graph.map((_, id) => id).filter((id) => rows.block(owner, hashOf(id)))
  assert.deepEqual(left, [0, 1, 2, 5, 6, 7, 9])
  sweep(rows, [], 1e9)
  assert.equal(rows.list(owner, undefined, 1).length, 0)
})

test('a sweep is bounded, goes past volumes that hold back, and says that there is more', () => {
  const rows = new MemoryBlocks()
  const volumes = [newUuid(), newUuid(), newUuid()].toSorted()
  noteUpload(rows, owner, hashOf(0), [], 0)
  for (const each of volumes)
    for (let seq = 1; seq < 300; seq++) {
      countNames(rows, { volume: each, seq, owner }, [hashOf(0)], [])
      countNames(rows, { volume: each, seq, owner }, [], [hashOf(0)])
    }
  const sessions = [{ volume: volumes[1] as string, seq: 100, pins: [] }]
  const all = dueTrails(rows, sessions, 1e9, limits)
  assert.deepEqual([all.trails.length, all.more], [299 + 100 + 299, false])
  const few = dueTrails(rows, sessions, 1e9, { seenMax: 1e6, dueMax: 20 })
  assert.deepEqual([few.trails.length, few.more], [20, true])
  assert.equal(dueTrails(rows, sessions, 1e9, { seenMax: 50, dueMax: 1e6 }).more, true)
})

test('a session that says nothing sensible holds everything back', () => {
  const pins = [hashOf(1)]
  assert.deepEqual(parseSession(volume, JSON.stringify({ seq: 5, pins, address: 'x' })), {
    volume,
    seq: 5,
    pins,
  })
  for (const value of ['', '5', 'null', '{"seq":"5"}', '[1]', '{"pins":5}'])
    assert.deepEqual(parseSession(volume, value), { volume, seq: undefined, pins: [] })
})

test('an entry that ceases what is not named is an error', () => {
  const rows = new MemoryBlocks()
  const entry = { volume, seq: 1, owner }
  assert.throws(() => countNames(rows, entry, [], [hashOf(1)]), RangeError)
  noteUpload(rows, owner, hashOf(1), [], 0)
  assert.throws(() => countNames(rows, entry, [], [hashOf(1)]), RangeError)
})

test('a deleted block leaves no trail that would end the life of a later upload', () => {
  const rows = new MemoryBlocks()
  const hash = hashOf(1)
  noteUpload(rows, owner, hash, [], 1e9)
  noteUpload(rows, owner, hash, [], 1e9 + 90_000)
  noteUpload(rows, owner, hashOf(2), [], 1e9)
  deleteUnnamed(rows, owner, [hash], 1e9 + 90_000)
  assert.ok(rows.block(owner, hash), 'it was uploaded again since')
  deleteUnnamed(rows, owner, [hash], 1e9 + 90_001)
  assert.equal(rows.block(owner, hash), undefined)
  assert.equal(rows.trails(undefined, 10).length, 1)
  const againMs = 1e9 + 120_000
  noteUpload(rows, owner, hash, [], againMs)
  sweep(rows, [], againMs + unnamedMsMax - 1)
  assert.equal(rows.block(owner, hash)?.trails, 1)
  assert.equal(rows.block(owner, hashOf(2)), undefined)
  sweep(rows, [], againMs + unnamedMsMax + 1)
  assert.equal(rows.block(owner, hash), undefined)
})

test('a block that is named, or that a volume ceased to name, is not deleted before the sweep', () => {
  const rows = new MemoryBlocks()
  noteUpload(rows, owner, hashOf(1), [], 0)
  countNames(rows, { volume, seq: 1, owner }, [hashOf(1)], [])
  deleteUnnamed(rows, owner, [hashOf(1)], 1e9)
  assert.equal(rows.block(owner, hashOf(1))?.count, 1)
  countNames(rows, { volume, seq: 2, owner }, [], [hashOf(1)])
  deleteUnnamed(rows, owner, [hashOf(1)], 1e9)
  assert.equal(rows.block(owner, hashOf(1))?.trails, 1)
  sweep(rows, [], 1e9)
  assert.equal(rows.block(owner, hashOf(1)), undefined)
})

test('a block that was named and is named no more goes with the sweep, not an hour after its upload', () => {
  const rows = new MemoryBlocks()
  const [hash, nowMs] = [hashOf(1), 1e12]
  noteUpload(rows, owner, hash, [], nowMs)
  countNames(rows, { volume, seq: 1, owner }, [hash], [])
  assert.equal(rows.block(owner, hash)?.trails, 0)
  countNames(rows, { volume, seq: 2, owner }, [], [hash])
  sweep(rows, [{ volume, seq: 1, pins: [] }], nowMs)
  assert.ok(rows.block(owner, hash), 'a session may still read it')
  sweep(rows, [{ volume, seq: 2, pins: [] }], nowMs)
  assert.equal(rows.block(owner, hash), undefined)
})

test('who uploads a block that is named no more has an hour for it, however lately it was uploaded', () => {
  const rows = new MemoryBlocks()
  const [hash, nowMs] = [hashOf(1), 1e12]
  noteUpload(rows, owner, hash, [], nowMs)
  countNames(rows, { volume, seq: 1, owner }, [hash], [])
  countNames(rows, { volume, seq: 2, owner }, [], [hash])
  noteUpload(rows, owner, hash, [], nowMs + 10)
  sweep(rows, [], nowMs + unnamedMsMax)
  assert.equal(rows.block(owner, hash)?.trails, 1)
  sweep(rows, [], nowMs + unnamedMsMax + 11)
  assert.equal(rows.block(owner, hash), undefined)
})
