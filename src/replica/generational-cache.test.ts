import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GenerationalCache } from './generational-cache.js'

test('what was used lately stays, what was not goes, and never more than the bound is kept', () => {
  const cache = new GenerationalCache<number, number>(100)
  for (let at = 0; at < 1000; at++) {
    cache.set(at, at)
    assert.equal(cache.get(0), 0)
    assert.ok([...cache.entries()].length <= 102)
  }
  for (let at = 950; at < 1000; at++) assert.equal(cache.get(at), at)
  assert.equal(cache.get(500), undefined)
})

test('what must be kept survives any number of others, and a clear', () => {
  const cache = new GenerationalCache<number, string>(10, (key) => key === 7)
  cache.set(7, 'held')
  for (let at = 100; at < 200; at++) cache.set(at, 'other')
  assert.equal(cache.get(7), 'held')
  cache.clear()
  assert.deepEqual([...cache.entries()], [[7, 'held']])
})

test('a deleted entry is gone from both generations', () => {
  const cache = new GenerationalCache<string, number>(2)
  cache.set('a', 1)
  cache.set('b', 2)
  cache.set('a', 3)
  cache.delete('a')
  assert.equal(cache.get('a'), undefined)
})

test('however much must be kept, a set looks at it once in half of the bound', () => {
  let asked = 0
  const cache = new GenerationalCache<number, number>(100, () => {
    asked++
    return true
  })
  for (let at = 0; at < 2000; at++) cache.set(at, at)
  assert.ok(asked < 2000 * 30, `asked ${asked} times`)
  assert.equal(new Set([...cache.entries()].map(([key]) => key)).size, 2000)
  assert.equal([...cache.entries()].length, 2000)
})

test('what is kept has its latest value, and goes when it need not be kept any more', () => {
  const kept = new Set([7])
  const cache = new GenerationalCache<number, string>(10, (key) => kept.has(key))
  const push = (): void => {
    for (let at = 100; at < 120; at++) cache.set(at, 'other')
  }
  cache.set(7, 'old')
  push()
  cache.set(7, 'new')
  cache.clear()
  assert.deepEqual([...cache.entries()], [[7, 'new']])
  push()
  assert.equal(cache.peek(7), 'new')
  kept.clear()
  push()
  assert.equal(cache.peek(7), undefined)
})
