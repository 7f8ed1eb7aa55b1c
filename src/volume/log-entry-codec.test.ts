import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FormatError } from './format-error.js'
import { type Head, VolumeState } from './head.js'
import { decodeHead, encodeHead, headSeq } from './head-codec.js'
import { EntryKind, type LogEntry } from './log-entry.js'
import { decodeLogEntry, encodeLogEntry } from './log-entry-codec.js'
import { type Key, RecordKind } from './record.js'

const request = '00112233-4455-6677-8899-aabbccddeeff'
const previousRequest = 'ffeeddcc-bbaa-9988-7766-554433221100'
const head: Head = {
  seq: 129,
  request,
  state: VolumeState.live,
  usedBytes: 1000,
  usedInodes: 3,
  quotaBytes: 0,
  quotaInodes: 500,
}
const entry: LogEntry = {
  seq: 129,
  kind: EntryKind.change,
  request,
  previousRequest,
  head,
  puts: [
    { kind: RecordKind.dirent, parent: 200, name: '\xfe/', value: Buffer.from('0504', 'hex') },
  ],
  deletes: [{ kind: RecordKind.inode, parent: 7, name: '' }],
  answers: [{ mount: previousRequest, unique: 300 }],
}

const requestHex = '00112233445566778899aabbccddeeff'
const previousHex = 'ffeeddccbbaa99887766554433221100'
const headHex = `01 00 01 8101 ${requestHex} e807 03 00 f403`
const entryHex = [
  `01 01 ${previousHex} 1b ${headHex}`,
  '01 01 c801 02 fe2f 02 0504',
  '01 02 07 00',
  `01 ${previousHex} ac02`,
].join(' ')

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

test('a head, byte for byte', () => {
  assert.deepEqual(encodeHead(head), bytes(headHex))
  assert.deepEqual(decodeHead(bytes(headHex)), head)
  assert.equal(headSeq(bytes(headHex)), 129)
})

test('a head with a write lease, byte for byte', () => {
  const leased: Head = {
    ...head,
    lease: { holder: request, journal: previousRequest, grantSeq: 128, recallSeq: 0 },
  }
  const hex = `01 01 01 8101 ${requestHex} e807 03 00 f403 ${requestHex} ${previousHex} 8001 00`
  assert.deepEqual(encodeHead(leased), bytes(hex))
  assert.deepEqual(decodeHead(bytes(hex)), leased)
})

test('a log entry, byte for byte', () => {
  assert.deepEqual(encodeLogEntry(entry), bytes(entryHex))
  assert.deepEqual(decodeLogEntry(bytes(entryHex)), entry)
})

test('an entry of a kind that is not known is read: its reader decides', () => {
  const unknown = decodeLogEntry(bytes(entryHex.replace('01 01', '01 63')))
  assert.equal(unknown.kind, 0x63)
  assert.equal(unknown.seq, 129)
})

const refused: [string, () => unknown, RegExp][] = [
  ['a newer entry', () => decodeLogEntry(bytes(`02${entryHex.slice(2)}`)), /newer CassFS/],
  ['a newer head', () => decodeHead(bytes(`02${headHex.slice(2)}`)), /newer CassFS/],
  ['an unknown state', () => decodeHead(bytes(headHex.replace('01 00 01', '01 00 05'))), /state 5/],
  [
    'an unknown flag',
    () => decodeHead(bytes(headHex.replace('01 00 01', '01 02 01'))),
    /flags 0x2/,
  ],
  [
    'a head record',
    () => decodeLogEntry(bytes(entryHex.replace('01 02 07', '01 00 07'))),
    /kind 0/,
  ],
]
for (const [what, decode, message] of refused)
  test(`refuses ${what}`, () => {
    assert.throws(decode, { name: 'FormatError', message })
  })

test('refuses to write an entry whose head is another one, and records that are not carried', () => {
  assert.throws(() => encodeLogEntry({ ...entry, seq: 130 }), FormatError)
  assert.throws(() => encodeLogEntry({ ...entry, request: previousRequest }), FormatError)
  const log: Key = { kind: RecordKind.log, parent: 1, name: '' }
  assert.throws(() => encodeLogEntry({ ...entry, deletes: [log] }), FormatError)
  assert.throws(() => encodeHead({ ...head, request: 'me' }), FormatError)
  const [put] = entry.puts
  assert.ok(put)
  assert.throws(() => encodeLogEntry({ ...entry, puts: [put, { ...put }] }), /writes a key twice/)
  assert.throws(() => encodeLogEntry({ ...entry, deletes: [put] }), /writes a key twice/)
})

test('an entry cut short anywhere is refused', () => {
  const value = bytes(entryHex)
  for (let end = 0; end < value.length; end++)
    assert.throws(() => decodeLogEntry(value.subarray(0, end)), FormatError)
  assert.throws(() => decodeLogEntry(Buffer.concat([value, value])), /too many/)
})

const plain = { noNullPrototype: true } as const
const uuids = fc.uuid()
const nat = fc.maxSafeNat()
const names = fc.uint8Array({ maxLength: 255 }).map((a) => Buffer.from(a).toString('latin1'))
const keys: fc.Arbitrary<Key> = fc.record(
  {
    kind: fc.constantFrom(RecordKind.dirent, RecordKind.inode, RecordKind.journal),
    parent: nat,
    name: names,
  },
  plain,
)
const heads: fc.Arbitrary<Head> = fc.record(
  {
    seq: nat,
    request: uuids,
    state: fc.constantFrom(...Object.values(VolumeState)),
    usedBytes: nat,
    usedInodes: nat,
    quotaBytes: nat,
    quotaInodes: nat,
    lease: fc.record({ holder: uuids, journal: uuids, grantSeq: nat, recallSeq: nat }, plain),
  },
  {
    noNullPrototype: true,
    requiredKeys: [
      'seq',
      'request',
      'state',
      'usedBytes',
      'usedInodes',
      'quotaBytes',
      'quotaInodes',
    ],
  },
)
const values = fc.uint8Array({ maxLength: 5000 }).map((array) => Buffer.from(array))
const entries: fc.Arbitrary<LogEntry> = fc
  .record(
    {
      kind: fc.constantFrom(...Object.values(EntryKind)),
      previousRequest: uuids,
      head: heads,
      puts: fc.array(
        fc.tuple(keys, values).map(([key, value]) => ({ ...key, value })),
        { maxLength: 5 },
      ),
      deletes: fc.array(keys, { maxLength: 5 }),
      answers: fc.array(fc.record({ mount: uuids, unique: nat }, plain), { maxLength: 3 }),
    },
    plain,
  )
  .map((parts) => ({ ...parts, seq: parts.head.seq, request: parts.head.request }))
  .filter(({ puts, deletes }) => {
    const all = [...puts, ...deletes].map(({ kind, parent, name }) => `${kind}/${parent}/${name}`)
    return new Set(all).size === all.length
  })

test('any entry is read back as it was written', () => {
  fc.assert(
    fc.property(entries, (any) => {
      assert.deepEqual(decodeLogEntry(encodeLogEntry(any)), any)
    }),
  )
})
