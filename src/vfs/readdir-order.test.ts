import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createNameHash, firstBehind, offsetBehind, orderEntries } from './readdir-order.js'

const volume = '0f8fad5b-d9cb-469f-a165-70867728950e'

test('hashes are above the reserved offsets, below 2^53, and stay what they are', () => {
  const hash = createNameHash(volume)
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 255 }), (name) => {
      const value = hash(name)
      assert.ok(Number.isSafeInteger(value) && value >= 4)
      assert.equal(createNameHash(volume)(name), value)
    }),
  )
})

test('an offset given out is good for ever: the hash of some names is what it was', () => {
  const hash = createNameHash(volume)
  assert.deepEqual(
    ['a', 'b', 'wp-config.php', 'n\xffn'].map((name) => hash(name)),
    expectedHashes,
  )
})

test('another volume has another order', () => {
  const other = createNameHash('7c9e6679-7425-40de-944b-e07fc1f90ae7')
  assert.notEqual(other('index.php'), createNameHash(volume)('index.php'))
})

test('100,000 similar names have as many hashes, spread over the whole range', () => {
  const hash = createNameHash(volume)
  const seen = new Set<number>()
  const buckets = new Array<number>(64).fill(0)
  for (let i = 0; i < 100_000; i++) {
    const value = hash(`file-${i}.txt`)
    seen.add(value)
    const bucket = Math.floor(value / 2 ** 47)
    buckets[bucket] = (buckets[bucket] as number) + 1
  }
  assert.equal(seen.size, 100_000)
  for (const count of buckets) assert.ok(count > 1200 && count < 1950, `${count} in one of 64`)
})

test('whoever stops anywhere and goes on at the offset reads every entry, also among equal hashes', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(200), { maxLength: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 4, max: 30 }),
      (numbers, pageSize, classes) => {
        const entries = numbers.map((number) => ({ name: `${number}` }))
        const hash = (name: string) => 4 + (Number(name) % classes)
        const { hashes, entries: ordered } = orderEntries(entries, hash)
        const widest = Math.max(0, ...[...hashes].map((h) => hashes.filter((o) => o === h).length))
        const read = new Set<string>()
        let offset = 0
        for (let page = 0; page < 200; page++) {
          const from = firstBehind(hashes, offset)
          if (from >= ordered.length) break
          const to = Math.min(ordered.length, from + Math.max(pageSize, widest))
          for (const { name } of ordered.slice(from, to)) read.add(name)
          offset = offsetBehind(hashes, to - 1)
        }
        assert.equal(read.size, entries.length)
      },
    ),
  )
})

const expectedHashes = [8981714099082087, 6827137538154705, 8861695436139044, 7529514481115031]
