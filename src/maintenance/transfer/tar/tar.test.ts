// The codec by itself: bytes written by hand.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aclFromText, aclToText } from './acl-text.js'
import { encodeMember, endOfArchive } from './encode-member.js'
import { decodeHeader, encodeHeader, number } from './header.js'
import { decodePax, decodeTime, encodePax, encodeTime } from './pax.js'
import { encodeMap } from './sparse-map.js'

const plain = {
  name: 'folder/\xff.txt',
  mode: 0o644,
  uid: 1000,
  gid: 100,
  size: 5,
  mtime: 1_000_000_000,
  type: '0',
  linkName: '',
  major: 0,
  minor: 0,
}

describe('a header', () => {
  test('has its fields where the standard wants them', () => {
    const block = encodeHeader(plain)
    assert.equal(block.length, 512)
    const at = (offset: number, length: number) => block.toString('latin1', offset, offset + length)
    assert.equal(at(0, 13), 'folder/\xff.txt\0')
    assert.equal(at(100, 8), '0000644\0')
    assert.equal(at(108, 8), '0001750\0')
    assert.equal(at(116, 8), '0000144\0')
    assert.equal(at(124, 12), '00000000005\0')
    assert.equal(at(136, 12), '07346545000\0')
    assert.equal(at(156, 1), '0')
    assert.equal(at(257, 8), 'ustar\x0000')
    const counted = [...block].map((byte, index) => (index >= 148 && index < 156 ? 32 : byte))
    const sum = counted.reduce((total, byte) => total + byte, 0)
    assert.equal(at(148, 8), `${sum.toString(8).padStart(6, '0')}\0 `)
    assert.deepEqual(decodeHeader(block), plain)
  })

  test('of zeros ends an archive; of one other byte it is damaged', () => {
    assert.equal(decodeHeader(Buffer.alloc(512)), undefined)
    const block = encodeHeader(plain)
    for (const at of [0, 99, 130, 300, 511]) {
      const wrong = Buffer.from(block)
      wrong[at] = (wrong[at] ?? 0) + 1
      assert.throws(() => decodeHeader(wrong), /checksum is wrong/)
    }
  })

  test('has a prefix of its name in front only where it is of the standard', () => {
    const block = encodeHeader(plain)
    block.write('before', 345, 'latin1')
    const sum = (bytes: Buffer) => {
      bytes.write(' '.repeat(8), 148)
      const total = bytes.reduce((all, byte) => all + byte, 0)
      bytes.write(`${total.toString(8).padStart(6, '0')}\0 `, 148)
      return bytes
    }
    assert.equal(decodeHeader(sum(block))?.name, 'before/folder/\xff.txt')
    block.write('ustar  \0', 257, 'latin1')
    assert.equal(decodeHeader(sum(block))?.name, 'folder/\xff.txt')
  })

  test('has numbers in octal, with blanks or NULs, or in binary', () => {
    const of = (text: string) => number(Buffer.from(text, 'latin1'), [0, text.length])
    assert.equal(of('  644 \0'), 0o644)
    assert.equal(of('\0\0\0\0'), 0)
    assert.equal(of('\x80\x00\x00\x02\x00\x00\x00\x00'), 2 ** 33)
    assert.equal(of('\xff\xff\xff\xfe'), -2)
    assert.throws(() => of('0x12'), /none/)
    assert.throws(() => of('89'), /none/)
  })
})

describe('records of an extended header', () => {
  test('count their own length, in bytes', () => {
    assert.equal(encodePax([['path', 'abc']]).toString(), '12 path=abc\n')
    assert.equal(encodePax([['a', 'x'.repeat(94)]]).toString('latin1', 0, 4), '101 ')
    assert.equal(encodePax([['a', 'x'.repeat(93)]]).toString('latin1', 0, 4), '99 a')
    for (let length = 0; length < 1200; length++) {
      const value = '\xff\n='.repeat(400).slice(0, length)
      assert.deepEqual(decodePax(encodePax([['k', value]])), [['k', value]])
    }
  })

  test('are damaged where their lengths lie', () => {
    for (const text of [
      '5 a=',
      '13 path=abc\n',
      '11 path=abc\n',
      ' path=abc\n',
      '12 pathabcd\n',
      '-1 a=b\n',
    ])
      assert.throws(() => decodePax(Buffer.from(text)), /damaged/, text)
  })

  test('have times to the nanosecond, before 1970 too', () => {
    const times: [string, number, number][] = [
      ['0', 0, 0],
      ['1.5', 1, 500_000_000],
      ['1234567890.000000001', 1_234_567_890, 1],
      ['-1', -1, 0],
      ['-0.000000001', -1, 999_999_999],
      ['-2.5', -3, 500_000_000],
    ]
    for (const [text, sec, nsec] of times) {
      assert.deepEqual(decodeTime(text), { sec, nsec }, text)
      assert.deepEqual(decodeTime(encodeTime({ sec, nsec })), { sec, nsec }, text)
    }
    assert.deepEqual(decodeTime('1.0000000019'), { sec: 1, nsec: 1 })
    assert.throws(() => decodeTime('soon'), /damaged/)
  })
})

test('ACLs have names or numbers in their text, and numbers in ours', () => {
  const text = 'user::rw-\nuser:12:r--\ngroup::r--\ngroup:34:rwx\nmask::rwx\nother::---\n'
  assert.equal(aclToText(aclFromText(text)), text)
  const other = 'u::rw-,g:root:rwx,user:root:r-- #effective:r--,o::---,m::rwx,g::r--,user:x:--x:77'
  const expected =
    'user::rw-\nuser:0:r--\nuser:77:--x\ngroup::r--\ngroup:0:rwx\nmask::rwx\nother::---\n'
  assert.equal(aclToText(aclFromText(other)), expected)
  assert.throws(() => aclFromText('user:no-such-user:rwx'), /unknown here/)
  assert.throws(() => aclFromText('what'), /an ACL with "what"/)
})

test('a map of a sparse file fills a whole block and tells its end', () => {
  const map = encodeMap([{ offset: 4096, length: 10 }], 9999)
  assert.equal(map.length, 512)
  assert.equal(map.toString('latin1').replace(/\0+$/, ''), '2\n4096\n10\n9999\n0\n')
})

test('what is too long or large for a header stands before it', () => {
  const entry = {
    ...{ mode: 0o100644, uid: 3_000_000, gid: 1, size: 0, rdev: 0, target: '' },
    ...{ mtime: { sec: -5, nsec: 1 }, atime: undefined, xattrs: new Map(), identity: undefined },
  }
  const { head } = encodeMember({ path: 'n'.repeat(101), entry, extents: [] })
  assert.equal(head[156], 'x'.charCodeAt(0))
  const size = number(head, [124, 12])
  assert.deepEqual(decodePax(head.subarray(512, 512 + size)), [
    ['path', 'n'.repeat(101)],
    ['uid', '3000000'],
    ['mtime', '-4.999999999'],
  ])
  const { head: simple } = encodeMember({
    path: 'n'.repeat(100),
    entry: { ...entry, uid: 1, mtime: { sec: 5, nsec: 0 } },
    extents: [],
  })
  assert.equal(simple.length, 512)
})

test('an archive ends with two blocks of zeros and fills its last record', () => {
  for (const written of [0, 512, 8704, 9216, 9728, 10_240]) {
    const { length } = endOfArchive(written)
    assert.ok(length >= 1024 && (written + length) % 10_240 === 0, String(written))
  }
})
