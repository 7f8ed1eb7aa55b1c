// Bytes after the structures fuse_notify_*_out of fuse.h, header included.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as frames from './notify-frames.js'

function hex(...parts: string[]): Buffer {
  return Buffer.from(parts.join('').replaceAll(' ', ''), 'hex')
}

const UNIQUE_0 = '0000000000000000'

describe('notifications', () => {
  it('INVAL_INODE: node, offset and length, signed', () => {
    assert.deepEqual(
      frames.invalInode(0x2_0000_0003, -1, 5),
      hex('28000000 02000000', UNIQUE_0, '0300000002000000 ffffffffffffffff 0500000000000000'),
    )
  })

  it('INVAL_ENTRY: parent, length of the name, flags, name', () => {
    assert.deepEqual(
      frames.invalEntry(1, 'a\u00e9', false),
      hex('23000000 03000000', UNIQUE_0, '0100000000000000 02000000 00000000 61e900'),
    )
    assert.equal(frames.invalEntry(1, 'a', true).readUInt32LE(28), 1, 'EXPIRE_ONLY')
  })

  it('DELETE: parent, child, length of the name, name', () => {
    assert.deepEqual(
      frames.deleteEntry(1, 9, 'ab'),
      hex(
        '2b000000 06000000',
        UNIQUE_0,
        '0100000000000000 0900000000000000 02000000 00000000',
        '616200',
      ),
    )
  })

  it('STORE: node, offset, size, data', () => {
    assert.deepEqual(
      frames.store(9, 0x1_0000_0000, Buffer.from([1, 2])),
      hex(
        '2a000000 04000000',
        UNIQUE_0,
        '0900000000000000 0000000001000000 02000000 00000000',
        '0102',
      ),
    )
  })

  it('RESEND and INC_EPOCH: nothing more', () => {
    assert.deepEqual(frames.resend(), hex('10000000 07000000', UNIQUE_0))
    assert.deepEqual(frames.incEpoch(), hex('10000000 08000000', UNIQUE_0))
  })

  it('PRUNE: a count and as many nodes', () => {
    assert.deepEqual(
      frames.prune([5, 0x1_0000_0006]),
      hex(
        '30000000 09000000',
        UNIQUE_0,
        '02000000 00000000',
        UNIQUE_0,
        '0500000000000000 0600000001000000',
      ),
    )
  })
})
