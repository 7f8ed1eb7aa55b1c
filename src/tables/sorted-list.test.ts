import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SortedList } from './sorted-list.js'

test('stays in order like a sorted array, whatever is inserted, deleted and listed', () => {
  const step = fc.tuple(fc.constantFrom('insert', 'delete', 'after'), fc.nat({ max: 3000 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 4000, size: 'max' }), (steps) => {
      const list = new SortedList<number>()
      const model = new Set<number>()
      for (const [what, value] of steps) {
        if (what === 'insert') assert.equal(list.insert(value), !model.has(value))
        if (what === 'insert') model.add(value)
        if (what === 'delete') assert.equal(list.delete(value), model.delete(value))
        if (what === 'after') {
          const expected = [...model].sort((a, b) => a - b).filter((each) => each > value)
          assert.deepEqual(list.after(value, 5), expected.slice(0, 5))
        }
      }
      const sorted = [...model].sort((a, b) => a - b)
      assert.deepEqual(list.after(undefined, 10_000), sorted)
      assert.equal(list.size, model.size)
    }),
    { numRuns: 20 },
  )
})

for (const [order, nth] of [
  ['ascending', (i: number) => i],
  ['descending', (i: number) => 20_000 - i],
  ['scattered', (i: number) => (i * 7919) % 20_011],
] as const)
  test(`many values, ${order}, come back in pages, then go`, () => {
    const list = new SortedList<string>()
    const values = Array.from({ length: 20_000 }, (_, i) => String(nth(i)).padStart(5, '0'))
    for (const value of values) assert.ok(list.insert(value))
    const listed: string[] = []
    for (
      let page = list.after(undefined, 700);
      page.length > 0;
      page = list.after(page.at(-1), 700)
    )
      listed.push(...page)
    assert.deepEqual(listed, [...values].sort())
    for (const value of values) assert.ok(list.delete(value))
    assert.deepEqual(list.after(undefined, 1), [])
  })
