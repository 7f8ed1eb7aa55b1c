import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createByteCache } from './byte-cache.js'

function cacheOf(bytesMax: number) {
  return createByteCache<string>({ bytesMax, weigh: (value) => value.length })
}

test('the least recently used goes first, by weight', () => {
  const cache = cacheOf(10)
  cache.put('a', '1234')
  cache.put('b', '1234')
  assert.equal(cache.get('a'), '1234')
  cache.put('c', '12345')
  assert.equal(cache.get('b'), undefined)
  assert.equal(cache.get('a'), '1234')
  assert.equal(cache.get('c'), '12345')
  const { bytes, values, hits, misses } = cache.status()
  assert.deepEqual({ bytes, values, hits, misses }, { bytes: 9, values: 2, hits: 3, misses: 1 })
})

test('what is larger than the cache is not kept, and drives nothing out', () => {
  const cache = cacheOf(4)
  cache.put('a', '1')
  cache.put('b', '12345')
  assert.equal(cache.has('b'), false)
  assert.equal(cache.get('a'), '1')
})

test('a value put again counts once', () => {
  const cache = cacheOf(10)
  cache.put('a', '1234')
  cache.put('a', '1234')
  assert.equal(cache.status().bytes, 4)
})

test('each key is loaded once however many ask, one call for all that are missing', async () => {
  const cache = cacheOf(100)
  const calls: string[][] = []
  const load = async (keys: readonly string[]) => {
    calls.push([...keys])
    await new Promise((resolve) => setImmediate(resolve))
    return keys.map((key) => key.toUpperCase())
  }
  const all = await Promise.all([
    cache.load(['a', 'b', 'a'], load),
    cache.load(['b', 'c'], load),
    cache.load(['a'], load),
  ])
  assert.deepEqual(all, [['A', 'B', 'A'], ['B', 'C'], ['A']])
  assert.deepEqual(calls, [['a', 'b'], ['c']])
  assert.deepEqual(await cache.load(['c'], load), ['C'])
  assert.equal(calls.length, 2)
  assert.equal(cache.status().loads, 3)
})

test('one key that fails fails alone, and is asked for again the next time', async () => {
  const cache = cacheOf(100)
  const failing = async (keys: readonly string[]) =>
    keys.map((key) => (key === 'bad' ? new Error('bad luck') : key))
  const both = cache.load(['good', 'bad'], failing)
  const good = cache.load(['good'], failing)
  await assert.rejects(both, /bad luck/)
  assert.deepEqual(await good, ['good'])
  assert.deepEqual(await cache.load(['bad'], async () => ['mended']), ['mended'])
})

test('a load that throws fails its keys, and nothing stays under way', async () => {
  const cache = cacheOf(100)
  const broken = () => Promise.reject(new Error('no answer'))
  await assert.rejects(cache.load(['a', 'b'], broken), /no answer/)
  assert.deepEqual(await cache.load(['a'], async () => ['A']), ['A'])
})

test('values too large to be kept still reach all who wait', async () => {
  const cache = cacheOf(1)
  const load = async () => ['12345']
  const [one, two] = await Promise.all([cache.load(['a'], load), cache.load(['a'], load)])
  assert.deepEqual([one, two], [['12345'], ['12345']])
})
