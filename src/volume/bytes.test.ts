import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { decodeXattrs, encodeXattrs } from './xattr-codec.js'

const numbers: [number, string][] = [
  [0, '00'],
  [127, '7f'],
  [128, '8001'],
  [16_383, 'ff7f'],
  [2 ** 31 - 1, 'ffffffff07'],
  [2 ** 31, '8080808008'],
  [2 ** 32, '8080808010'],
  [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
]

test('numbers are written in the fewest bytes, lowest seven bits first', () => {
  for (const [value, hex] of numbers) {
    const writer = new ByteWriter()
    writer.varint(value)
    assert.equal(Buffer.from(writer.take()).toString('hex'), hex)
    assert.equal(new ByteReader(Buffer.from(hex, 'hex'), 'test').varint(), value)
  }
})

test('signed numbers: 0, -1, 1, -2 become 0, 1, 2, 3', () => {
  const writer = new ByteWriter()
  for (const value of [0, -1, 1, -2, -(2 ** 52)]) writer.zigzag(value)
  assert.equal(Buffer.from(writer.take()).toString('hex'), '00010203ffffffffffffff0f')
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 }), (value) => {
      writer.reset().zigzag(value)
      assert.equal(new ByteReader(writer.take(), 'test').zigzag(), value)
    }),
  )
})

test('an endless number is refused', () => {
  const bytes = Buffer.concat([Buffer.alloc(1000, 0x80), Buffer.of(1)])
  assert.throws(() => new ByteReader(bytes, 'test').varint(), /beyond 2\^53/)
})

test('what a reader returns does not change with the bytes it was given', () => {
  const bytes = Buffer.from('0361626303646566', 'hex')
  const reader = new ByteReader(bytes, 'test')
  const name = reader.name()
  const blob = reader.blob()
  bytes.fill(0)
  assert.equal(name, 'abc')
  assert.deepEqual(blob, Buffer.from('def'))
})

test('a writer grows, and what it gave away stays', () => {
  const writer = new ByteWriter()
  const large = Buffer.alloc(100_000, 7)
  writer.blob(large)
  const first = writer.take()
  writer.reset().blob(Buffer.alloc(100_000, 8))
  assert.deepEqual(new ByteReader(first, 'test').blob(), large)
})

test('extended attributes in a block of their own, byte for byte, sorted', () => {
  const bytes = Buffer.from('01020161013101620132', 'hex')
  const xattrs = new Map([
    ['b', Buffer.from('2')],
    ['a', Buffer.from('1')],
  ])
  assert.deepEqual(encodeXattrs(xattrs), bytes)
  assert.deepEqual(decodeXattrs(bytes), xattrs)
  assert.throws(() => decodeXattrs(bytes.subarray(0, 9)), /damaged block of extended attributes/)
})
