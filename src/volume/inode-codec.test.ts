import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FormatError } from './format-error.js'
import type { Content, Inode } from './inode.js'
import {
  decodeDirent,
  decodeInode,
  direntIno,
  encodableBytes,
  encodeDirent,
  encodeInode,
} from './inode-codec.js'

const hash = 'ab'.repeat(32)
const time = { sec: 1_700_000_000, nsec: 500 }
const file: Inode = {
  ino: 300,
  mode: 0o100644,
  uid: 33,
  gid: 33,
  nlink: 1,
  rdev: 0,
  size: 5000,
  atime: undefined,
  mtime: time,
  ctime: time,
  btime: time,
  content: { kind: 'block', hash, length: 5000 },
  target: '',
  xattrs: new Map(),
  xattrBlock: undefined,
  shared: false,
}

// 1,700,000,000 * 2 = 3,400,000,000 as a varint, then 500 as four bytes.
const timeHex = '80c49fd50c f4010000'
const fileHex = `ac02 18 01 0200 a481 21 21 ${timeHex} ${hash} 8827`

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

test('a regular file of one block, byte for byte', () => {
  assert.deepEqual(encodeDirent({ ino: 300, type: 0o100000 }, file), bytes(fileHex))
  assert.deepEqual(decodeDirent(bytes(fileHex)), { ino: 300, type: 0o100000, inode: file })
})

test('a directory with every optional field, byte for byte', () => {
  const inode: Inode = {
    ...file,
    ino: 1,
    mode: 0o041755,
    uid: 0,
    gid: 100_000,
    nlink: 5,
    rdev: 0,
    size: 0,
    atime: { sec: 0, nsec: 2 },
    mtime: { sec: -1, nsec: 999_999_999 },
    ctime: { sec: 0, nsec: 0 },
    btime: { sec: -2, nsec: 1 },
    content: { kind: 'none' },
    xattrs: new Map([
      ['user.b', bytes('00ff')],
      ['user.a', bytes('')],
    ]),
    xattrBlock: { hash, length: 300 },
    shared: true,
  }
  const hex = [
    '01 d40f ed43 00 a08d06 05 00',
    '01 ffc99a3b 02 00000000 03 01000000 02 02000000',
    '02 06 757365722e61 00 06 757365722e62 02 00ff',
    `${hash} ac02`,
  ].join(' ')
  assert.deepEqual(encodeInode(inode), bytes(hex))
  assert.deepEqual(decodeInode(1, bytes(hex)), inode)
})

test('a symbolic link: its size is that of its target', () => {
  const inode: Inode = {
    ...file,
    mode: 0o120777,
    size: 2,
    content: { kind: 'none' },
    target: '\xff/',
  }
  const hex = `01 2000 ffa1 21 21 ${timeHex} 02 ff2f`
  assert.deepEqual(encodeInode(inode), bytes(hex))
  assert.deepEqual(decodeInode(300, bytes(hex)), inode)
})

test('inline content and a size beyond it', () => {
  const inode: Inode = { ...file, size: 10, content: { kind: 'inline', data: bytes('68690a') } }
  const hex = `01 1100 a481 21 21 0a ${timeHex} 03 68690a`
  assert.deepEqual(encodeInode(inode), bytes(hex))
  assert.deepEqual(decodeInode(300, bytes(hex)), inode)
})

test('a block with a tail: the size is that of both', () => {
  const content: Content = { kind: 'block', hash, length: 5000, tail: bytes('0a0b') }
  const hex = `ac02 18 01 0210 a481 21 21 ${timeHex} ${hash} 8827 02 0a0b`
  const inode: Inode = { ...file, size: 5002, content }
  assert.deepEqual(encodeDirent({ ino: 300, type: 0o100000 }, inode), bytes(hex))
  assert.deepEqual(decodeDirent(bytes(hex)).inode, inode)
})

test('an entry of a shared inode only points to it', () => {
  const pointer = bytes('ac02 08')
  assert.deepEqual(encodeDirent({ ino: 300, type: 0o100000 }, { ...file, shared: true }), pointer)
  assert.deepEqual(encodeDirent({ ino: 300, type: 0o100000 }, undefined), pointer)
  assert.deepEqual(decodeDirent(pointer), { ino: 300, type: 0o100000, inode: undefined })
})

test('the inode number is read alone', () => {
  assert.equal(direntIno(bytes('05 04')), 5)
  assert.equal(direntIno(bytes('ffffffffffffff0f 08')), Number.MAX_SAFE_INTEGER)
  assert.throws(() => direntIno(bytes('')), FormatError)
})

test('a typical file takes at most 90 bytes', () => {
  const typical: Inode = {
    ...file,
    ino: 4_000_000,
    uid: 1000,
    gid: 1000,
    ctime: { sec: time.sec + 5_000_000, nsec: 999_999_999 },
    btime: { sec: time.sec + 5_000_000, nsec: 1 },
  }
  const length = encodeDirent({ ino: typical.ino, type: 0o100000 }, typical).length
  assert.ok(length <= 90, `${length} bytes`)
})

const refused: [string, string, RegExp][] = [
  ['a newer version', fileHex.replace('18 01', '18 02'), /format version 2, written by a newer/],
  ['version 0', fileHex.replace('18 01', '18 00'), /never existed/],
  ['an unknown form', fileHex.replace('ac02 18', 'ac02 28'), /form 2 is not known/],
  ['an unknown flag', fileHex.replace('0200', '0220'), /flags 0x2002/],
  ['another type than in its mode', fileHex.replace('ac02 18', 'ac02 14'), /disagree/],
  ['attributes of a shared inode', fileHex.replace('0200', '0204'), /disagree/],
  ['a number longer than needed', fileHex.replace('ac02', 'ac8200'), /longer than needed/],
  ['a number of 2^53', '8080808080808010 08', /beyond 2\^53/],
  ['nanoseconds of a whole second', fileHex.replace('f4010000', '00ca9a3b'), /nanoseconds/],
  ['an empty tail', `${fileHex.replace('0200', '0210')} 00`, /an empty tail/],
  ['a tail behind no block', fileHex.replace('0200', '0110'), /a tail behind no block/],
  ['bytes behind its end', `${fileHex} 00`, /1 bytes too many/],
]
for (const [what, hex, message] of refused)
  test(`refuses ${what}`, () => {
    assert.throws(() => decodeDirent(bytes(hex)), { name: 'FormatError', message })
  })

test('extended attributes out of order are refused', () => {
  const hex = `01 4000 a481 21 21 ${timeHex} 02 0162 00 0161 00`
  assert.throws(() => decodeInode(2, bytes(hex)), /out of order/)
})

test('what the format cannot hold is not written', () => {
  const type = 0o100000
  const encode = (change: Partial<Inode>) => () =>
    encodeDirent({ ino: 300, type }, { ...file, ...change })
  assert.throws(encode({ uid: -1 }), FormatError)
  assert.throws(encode({ size: 1.5 }), FormatError)
  assert.throws(encode({ mode: 0x1_81a4 }), FormatError)
  assert.throws(encode({ mtime: { sec: 0, nsec: 1e9 } }), FormatError)
  assert.throws(encode({ target: '\u0100' }), FormatError)
  assert.throws(encode({ content: { kind: 'block', hash: 'ab', length: 1 } }), FormatError)
  assert.throws(encode({ ino: 301 }), FormatError)
  assert.throws(encode({ mode: 0o040755 }), FormatError)
  assert.throws(() => encodeDirent({ ino: 2 ** 53, type }, undefined), FormatError)
})

const byteString = fc
  .uint8Array({ maxLength: 40 })
  .map((array) => Buffer.from(array).toString('latin1'))
const plain = { noNullPrototype: true } as const
const timespec = fc.record(
  {
    sec: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    nsec: fc.integer({ min: 0, max: 999_999_999 }),
  },
  plain,
)
const hashes = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((array) => Buffer.from(array).toString('hex'))
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const whole = fc.maxSafeNat()
const lengths = fc.integer({ min: 0, max: 2 ** 52 })
const buffers = fc.uint8Array({ maxLength: 512 }).map((array) => Buffer.from(array))
const tails = fc.uint8Array({ minLength: 1, maxLength: 64 }).map((array) => Buffer.from(array))
const stored = { ...plain, requiredKeys: ['kind', 'hash', 'length'] as ['kind', 'hash', 'length'] }
const contents: fc.Arbitrary<Content> = fc.oneof(
  fc.constant({ kind: 'none' } as const),
  fc.record({ kind: fc.constant('inline' as const), data: buffers }, plain),
  fc.record(
    { kind: fc.constant('block' as const), hash: hashes, length: lengths, tail: tails },
    stored,
  ),
  fc.record(
    { kind: fc.constant('manifest' as const), hash: hashes, length: lengths, tail: tails },
    stored,
  ),
)
const inodes = fc.record(
  {
    ino: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    mode: fc.integer({ min: 0, max: 0xffff }),
    uid: u32,
    gid: u32,
    nlink: fc.oneof(fc.constantFrom(1, 2), u32),
    rdev: fc.oneof(fc.constant(0), u32),
    size: fc.oneof(fc.constantFrom(0, 4096), whole),
    atime: timespec,
    mtime: timespec,
    ctime: timespec,
    btime: timespec,
    content: contents,
    target: byteString,
    xattrs: fc.array(fc.tuple(byteString, buffers), { maxLength: 4 }).map((list) => new Map(list)),
    xattrBlock: fc.record({ hash: hashes, length: whole }, plain),
    shared: fc.boolean(),
  },
  {
    noNullPrototype: true,
    requiredKeys: Object.keys(file) as Exclude<keyof Inode, 'atime' | 'xattrBlock'>[],
  },
) as fc.Arbitrary<Inode>

test('any inode is read back as it was written', () => {
  fc.assert(
    fc.property(inodes, (inode) => {
      assert.deepEqual(decodeInode(inode.ino, encodeInode(inode)), inode)
      const type = inode.mode & 0o170000
      const decoded = decodeDirent(encodeDirent({ ino: inode.ino, type }, inode))
      assert.deepEqual(decoded, { ino: inode.ino, type, inode: inode.shared ? undefined : inode })
    }),
  )
})

test('what is said to be encodable can be encoded, in no more bytes', () => {
  const strange = fc.constantFrom(-1, 0.5, 2 ** 53, 2 ** 51, 1e9, Number.NaN, -(2 ** 60))
  const times = fc.record({ sec: strange, nsec: fc.oneof(fc.constant(0), strange) }, plain)
  const field = fc.constantFrom('mode', 'uid', 'gid', 'nlink', 'rdev', 'size', 'length')
  const time = fc.constantFrom('mtime', 'ctime', 'btime', 'atime')
  const usual = { target: '', xattrs: new Map(), xattrBlock: undefined, shared: false }
  let known = 0
  fc.assert(
    fc.property(
      inodes,
      fc.option(fc.tuple(field, strange)),
      fc.option(fc.tuple(time, times)),
      (some, number, moment) => {
        const inode: Inode = { ...some, ...usual }
        const [name, value] = number ?? []
        if (name === 'length')
          Object.assign(inode, { content: { ...inode.content, length: value } })
        else if (name) Object.assign(inode, { [name]: value })
        if (moment) Object.assign(inode, { [moment[0]]: moment[1] })
        const bytes = encodableBytes(inode)
        if (bytes === 0) return
        known++
        const type = inode.mode & 0o170000
        assert.ok(encodeDirent({ ino: inode.ino, type }, inode).length <= bytes)
      },
    ),
    { numRuns: 2000 },
  )
  assert.ok(known > 200, `${known} of 2000`)
  assert.equal(encodableBytes({ ...file, target: 'x' }), 0)
})

test('a record cut short anywhere is refused', () => {
  fc.assert(
    fc.property(inodes, (inode) => {
      const value = encodeInode(inode)
      for (let end = 0; end < value.length; end++)
        assert.throws(() => decodeInode(inode.ino, value.subarray(0, end)), FormatError)
    }),
    { numRuns: 50 },
  )
})

test('bytes of any kind are an inode or a FormatError, never another failure', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (value) => {
      try {
        decodeDirent(value)
      } catch (error) {
        assert.ok(error instanceof FormatError, String(error))
      }
    }),
  )
})
