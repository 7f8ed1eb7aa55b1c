import assert from 'node:assert/strict'
import { closeSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Errno, FsError } from '../posix/errno.js'
import { openDatagramSocket, receiveDatagram, sendDatagram } from './datagram.js'

test('a datagram arrives whole, with nobody behind the name it is gone, with many waiting it is full', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cassfs-datagram-'))
  const [here, there] = [join(folder, 'here'), join(folder, 'there')]
  const [ours, theirs] = [openDatagramSocket(here), openDatagramSocket(there)]
  const buffer = Buffer.alloc(64)
  try {
    assert.equal(receiveDatagram(theirs, buffer), undefined)
    assert.equal(sendDatagram(ours, there, Buffer.from('one')), 'sent')
    assert.equal(sendDatagram(ours, there, Buffer.from('and two')), 'sent')
    assert.equal(buffer.toString('latin1', 0, receiveDatagram(theirs, buffer)), 'one')
    assert.equal(buffer.toString('latin1', 0, receiveDatagram(theirs, buffer)), 'and two')
    let count = 0
    while (count < 10_000 && sendDatagram(ours, there, Buffer.of(1)) === 'sent') count++
    assert.ok(count < 10_000, 'nothing bounds what waits')
    assert.equal(sendDatagram(ours, join(folder, 'nobody'), Buffer.of(1)), 'gone')
  } finally {
    closeSync(theirs)
  }
  assert.ok(existsSync(there))
  assert.equal(sendDatagram(ours, there, Buffer.of(1)), 'gone')
  closeSync(ours)
  const isTaken = (error: unknown) => error instanceof FsError && error.errno === 98
  assert.throws(() => openDatagramSocket(there), isTaken)
  const isTooLong = (error: unknown) =>
    error instanceof FsError && error.errno === Errno.ENAMETOOLONG
  assert.throws(() => openDatagramSocket(join(folder, 'x'.repeat(100))), isTooLong)
  rmSync(folder, { recursive: true })
})
