import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareKeys } from '../../volume/key-codec.js'
import type { Key } from '../../volume/record.js'
import {
  directoryAfter,
  type KeyRange,
  logAfter,
  middle,
  type Position,
  pieces,
  recordsAfter,
} from './key-range.js'

const order = (a: Position, b: Position) => compareKeys(a as Key, b as Key)
const byte = fc.integer({ min: 1, max: 255 })
const name = fc
  .array(byte, { minLength: 1, maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'))
const parent = fc.oneof(fc.nat(), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 1 }))
const record = fc.oneof(
  fc.record({ kind: fc.constant(1), parent, name }),
  fc.record({ kind: fc.constant(2), parent, name: fc.constant('') }),
  fc.record({ kind: fc.constant(3), parent: fc.constant(0), name }),
)

test('a cut lies strictly inside of its range', () => {
  fc.assert(
    fc.property(record, record, (a, b) => {
      fc.pre(order(a, b) !== 0)
      const range = order(a, b) < 0 ? { after: a, last: b } : { after: b, last: a }
      const cut = middle(range)
      if (!cut) return
      assert.ok(order(range.after, cut) < 0)
      assert.ok(order(cut, range.last) < 0)
    }),
  )
})

test('pieces follow each other without a gap', () => {
  fc.assert(
    fc.property(record, (a) => {
      const range = recordsAfter(a as Key)
      const parts = pieces(range)
      assert.deepEqual(parts[0]?.after, range.after)
      assert.deepEqual(parts.at(-1)?.last, range.last)
      for (const [i, part] of parts.entries())
        if (i > 0) assert.deepEqual(part.after, parts[i - 1]?.last)
    }),
  )
  assert.equal(pieces(directoryAfter(7, undefined)).length, 16)
  const nothing = {
    after: { kind: 1, parent: 7, name: 'a' },
    last: { kind: 1, parent: 7, name: 'a\0' },
  }
  assert.deepEqual(pieces(nothing), [nothing])
})

/** Cuts a range until every piece holds at most one of `keys`; answers how many cuts that took. */
function isolate(range: KeyRange, keys: readonly Position[]): { found: Position[]; cuts: number } {
  const inside = keys.filter((key) => order(range.after, key) < 0 && order(key, range.last) <= 0)
  if (inside.length < 2) return { found: inside, cuts: 0 }
  const cut = middle(range)
  assert.ok(cut, `no cut between ${JSON.stringify(range)}`)
  const left = isolate({ after: range.after, last: cut }, keys)
  const right = isolate({ after: cut, last: range.last }, keys)
  return { found: [...left.found, ...right.found], cuts: 1 + left.cuts + right.cuts }
}

test('cutting on and on tells any two records apart, in order, and loses none', () => {
  const key = ({ kind, parent, name }: Position) => `${kind}/${parent}/${name}`
  fc.assert(
    fc.property(fc.uniqueArray(record, { selector: key, maxLength: 12 }), (keys) => {
      const sorted = [...keys].sort(order)
      assert.deepEqual(isolate(recordsAfter(undefined), sorted).found, sorted)
    }),
  )
})

test('names of a directory and entries of a log are told apart with few cuts', () => {
  const names = Array.from({ length: 64 }, (_, i) => `file-${String(i).padStart(6, '0')}.txt`)
  const dirents = names.map((each) => ({ kind: 1, parent: 7, name: each }))
  assert.ok(isolate(directoryAfter(7, undefined), dirents).cuts < 250)
  assert.ok(isolate(recordsAfter(undefined), dirents).cuts < 250)
  const entries = names.map((_, i) => ({ kind: 9, parent: 5_000_001 + i, name: '' }))
  const { found, cuts } = isolate(logAfter(5_000_000), entries)
  assert.equal(found.length, 64)
  assert.ok(cuts < 100)
})

test('ranges hold what they say and nothing beside it', () => {
  const holds = ({ after, last }: KeyRange, key: Position) =>
    order(after, key) < 0 && order(key, last) <= 0
  const dirent = { kind: 1, parent: 7, name: 'b' }
  assert.ok(holds(directoryAfter(7, undefined), { ...dirent, name: '\x01' }))
  assert.ok(holds(directoryAfter(7, 'a'), { ...dirent, name: '\xff'.repeat(255) }))
  assert.ok(!holds(directoryAfter(7, 'b'), dirent))
  assert.ok(!holds(directoryAfter(7, undefined), { ...dirent, parent: 8, name: '\x01' }))
  assert.ok(!holds(directoryAfter(7, undefined), { ...dirent, parent: 6 }))
  assert.ok(!holds(recordsAfter(undefined), { kind: 0, parent: 0, name: '' }))
  assert.ok(holds(recordsAfter(undefined), { kind: 3, parent: 0, name: '\xff' }))
  assert.ok(!holds(recordsAfter(undefined), { kind: 9, parent: 1, name: '' }))
  assert.ok(!holds(logAfter(5), { kind: 9, parent: 5, name: '' }))
  assert.ok(holds(logAfter(5), { kind: 9, parent: 6, name: '' }))
})
