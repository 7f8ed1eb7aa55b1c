import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apply, type Entry, findLosses, type State } from './model.js'
import { contentOf, type Operation } from './operation.js'

const file = (content: Buffer | string): Entry => ({ kind: 'file', content: Buffer.from(content) })
const write: Operation = { kind: 'write', name: 'a', seed: 1, size: 9 }
const written = contentOf(write)

function stateOf(entries: Record<string, Entry>): State {
  return new Map(Object.entries(entries))
}

test('an acknowledged write that is missing, short, or changed is a loss', () => {
  const expected: State = new Map()
  apply(expected, write)
  assert.deepEqual(findLosses(stateOf({ a: file(written) }), expected), [])
  const changed = Buffer.from(written)
  changed[4] = (changed[4] ?? 0) ^ 1
  for (const found of [{}, { a: file(written.subarray(0, 8)) }, { a: file(changed) }])
    assert.equal(findLosses(stateOf(found as Record<string, Entry>), expected).length, 1)
})

test('what nobody wrote is reported too', () => {
  assert.equal(findLosses(stateOf({ ghost: file('x') }), new Map()).length, 1)
})

test('a write under way may be absent, in part, or whole, and nothing else', () => {
  const before = stateOf({ a: file('old') })
  for (const found of [file('old'), file(''), file(written.subarray(0, 3)), file(written)])
    assert.deepEqual(findLosses(stateOf({ a: found }), before, write), [])
  assert.equal(findLosses(new Map(), before, write).length, 1)
  assert.equal(findLosses(stateOf({ a: file('mix') }), before, write).length, 1)
})

test('an append under way keeps what was there', () => {
  const before = stateOf({ a: file('old') })
  const append: Operation = { ...write, kind: 'append' }
  const part = Buffer.concat([Buffer.from('old'), written.subarray(0, 5)])
  assert.deepEqual(findLosses(stateOf({ a: file(part) }), before, append), [])
  assert.equal(findLosses(stateOf({ a: file('ol') }), before, append).length, 1)
  assert.equal(findLosses(stateOf({ a: file('') }), before, append).length, 1)
})

test('a replace under way leaves the old file or the new one, never a part', () => {
  const before = stateOf({ a: file('old') })
  const replace: Operation = { ...write, kind: 'replace' }
  const temporary = { 'a.new': file(written.subarray(0, 2)) }
  assert.deepEqual(findLosses(stateOf({ a: file('old'), ...temporary }), before, replace), [])
  assert.deepEqual(findLosses(stateOf({ a: file(written) }), before, replace), [])
  assert.equal(findLosses(stateOf({ a: file(written.subarray(0, 2)) }), before, replace).length, 1)
  assert.equal(findLosses(stateOf(temporary), before, replace).length, 1)
})

test('a rename of a directory under way is whole: nothing stays behind, nothing is double', () => {
  const before = stateOf({ d: { kind: 'directory' }, 'd/x': file('x'), 'd/y': file('y') })
  const rename: Operation = { kind: 'rename', name: 'd', to: 'e' }
  const after: State = new Map(before)
  apply(after, rename)
  assert.deepEqual(findLosses(before, before, rename), [])
  assert.deepEqual(findLosses(after, before, rename), [])
  assert.notEqual(findLosses(new Map([...before, ...after]), before, rename).length, 0)
  assert.notEqual(findLosses(new Map(), before, rename).length, 0)
  const torn: State = new Map(after)
  torn.delete('e/y')
  assert.notEqual(findLosses(torn, before, rename).length, 0)
})
