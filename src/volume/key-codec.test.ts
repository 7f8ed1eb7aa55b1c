import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FormatError } from './format-error.js'
import { compareKeys, decodeKey, encodeKey } from './key-codec.js'
import { type Key, RecordKind } from './record.js'

test('a dirent key, byte for byte', () => {
  const key: Key = { kind: RecordKind.dirent, parent: 0x1f_0000_0000_0002, name: 'a\xff' }
  const bytes = Buffer.from('01001f00000000000261ff', 'hex')
  assert.deepEqual(encodeKey(key), bytes)
  assert.deepEqual(decodeKey(bytes), key)
})

test('refuses keys that are cut short, of unknown kind, beyond 2^53', () => {
  assert.throws(() => decodeKey(Buffer.from('0100000000000000', 'hex')), FormatError)
  assert.throws(() => decodeKey(Buffer.from('050000000000000001', 'hex')), /kind 5/)
  assert.throws(() => decodeKey(Buffer.from('010020000000000000', 'hex')), /beyond 2\^53/)
  assert.throws(() => encodeKey({ kind: 1, parent: -1, name: '' }), FormatError)
  assert.throws(() => encodeKey({ kind: 1, parent: 1, name: '\u20ac' }), FormatError)
})

const keys: fc.Arbitrary<Key> = fc.record(
  {
    kind: fc.constantFrom(...Object.values(RecordKind)),
    parent: fc.oneof(fc.maxSafeNat(), fc.nat({ max: 300 })),
    name: fc.uint8Array({ maxLength: 6 }).map((a) => Buffer.from(a).toString('latin1')),
  },
  { noNullPrototype: true },
)

test('any key is read back, and bytes sort as keys do', () => {
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      assert.deepEqual(decodeKey(encodeKey(a)), a)
      const ofBytes = Buffer.compare(encodeKey(a), encodeKey(b))
      assert.equal(Math.sign(compareKeys(a, b)), ofBytes)
    }),
    { numRuns: 1000 },
  )
})
