import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FormatError } from '../volume/format-error.js'
import {
  decodeManifest,
  type Entry,
  encodeManifest,
  entryAt,
  manifestLength,
  manifestOf,
  namedBy,
} from './manifest-codec.js'

const hashA = 'a1'.repeat(32)
const hashB = 'b2'.repeat(32)

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

// 262144 = 0x40000 is 80 80 10 as a varint, 300 is ac 02, 67108864 = 2^26 is 80 80 80 20.
const entries: Entry[] = [
  { kind: 'block', length: 262_144, hash: hashA },
  { kind: 'hole', length: 300 },
  { kind: 'node', length: 67_108_864, hash: hashB, height: 1, entries: 256, holes: false },
  { kind: 'node', length: 5, hash: hashA, height: 2, entries: 3, holes: true },
]
const hex = [
  '01 04',
  `01 808010 ${hashA}`,
  '00 ac02',
  `02 80808020 ${hashB} 01 8002`,
  `03 05 ${hashA} 02 03`,
].join(' ')

test('a manifest with every kind of entry, byte for byte', () => {
  assert.deepEqual(encodeManifest(entries), bytes(hex))
  assert.deepEqual(decodeManifest(bytes(hex)).entries, entries)
})

test('an empty manifest', () => {
  assert.deepEqual(encodeManifest([]), bytes('01 00'))
  assert.equal(manifestLength(decodeManifest(bytes('01 00'))), 0)
})

test('each hash that it names stands once among its references', () => {
  assert.deepEqual(namedBy(entries), [hashA, hashB])
})

test('an offset finds its entry', () => {
  const manifest = manifestOf(entries)
  assert.deepEqual(
    [0, 262_143, 262_144, 262_443, 262_444, 67_371_307, 67_371_308, 67_371_313].map((offset) =>
      entryAt(manifest, offset),
    ),
    [0, 0, 1, 1, 2, 2, 3, 4],
  )
})

const refused: [string, string, RegExp][] = [
  ['nothing', '', /ends after 0 bytes/],
  ['a newer version', '02 00', /format version 2, written by a newer/],
  ['an entry of an unknown kind', '01 01 04 05', /entry kind 4 is not known/],
  ['an entry of no bytes', '01 01 00 00', /an entry of no bytes/],
  ['a block above 256 KiB', `01 01 01 818010 ${hashA}`, /a block of 262145 bytes/],
  ['a manifest without height', `01 01 02 05 ${hashA} 00 01`, /height 0/],
  ['a manifest of any height', `01 01 02 05 ${hashA} 09 01`, /height 9/],
  ['fewer entries than it says', '01 02 00 05', /1 more are expected/],
  ['more bytes than it says', `${hex} 00`, /1 bytes too many/],
]
for (const [what, refusedHex, message] of refused)
  test(`refuses ${what}`, () => {
    assert.throws(() => decodeManifest(bytes(refusedHex)), { name: 'FormatError', message })
  })

test('an entry of no bytes is not written', () => {
  assert.throws(() => encodeManifest([{ kind: 'hole', length: 0 }]), FormatError)
})

test('bytes of any kind are a manifest or a FormatError, never another failure', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (value, valid) => {
      if (valid) value[0] = 1
      try {
        decodeManifest(value)
      } catch (error) {
        assert.ok(error instanceof FormatError, String(error))
      }
    }),
  )
})
