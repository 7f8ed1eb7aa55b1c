import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DirentBuffer } from './dirents.js'

const ENTRY = { name: 'twelve chars', ino: 7, type: 8, offset: 3 }
/** 24 bytes of struct fuse_dirent and the name, to a multiple of 8. */
const ENTRY_SIZE = 40

describe('DirentBuffer', () => {
  it('takes an entry that just fits, and refuses one that does not', () => {
    const list = new DirentBuffer()
    list.begin(2 * ENTRY_SIZE, false)
    assert.equal(list.add(ENTRY), true)
    assert.equal(list.add(ENTRY), true)
    assert.equal(list.add(ENTRY), false)
    assert.equal(list.bytes().length, 2 * ENTRY_SIZE)
    list.begin(2 * ENTRY_SIZE - 1, false)
    assert.equal(list.add(ENTRY), true)
    assert.equal(list.add(ENTRY), false)
  })

  it('begins anew, larger or smaller, without what was there before', () => {
    const list = new DirentBuffer()
    list.begin(ENTRY_SIZE, false)
    list.add(ENTRY)
    list.begin(4096, true)
    assert.equal(list.bytes().length, 0)
    list.add({ ...ENTRY, name: 'x' })
    const bytes = list.bytes()
    assert.equal(bytes.length, 128 + 32)
    assert.ok(
      bytes.subarray(0, 128).every((byte) => byte === 0),
      'no entry: all zeros',
    )
    assert.equal(bytes.toString('latin1', 128 + 24), 'x\0\0\0\0\0\0\0')
  })

  it('takes nothing into an empty list', () => {
    const list = new DirentBuffer()
    list.begin(0, true)
    assert.equal(list.add(ENTRY), false)
    assert.equal(list.bytes().length, 0)
  })
})
