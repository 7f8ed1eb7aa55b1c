import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, NAME, openLoopback } from '../../test/support/loopback.js'
import { Opcode } from './wire/opcodes.js'

test('requests are counted by operation, however they are answered', () => {
  const { loopback } = openLoopback({ unlink: () => undefined })
  loopback.feed(frame(Opcode.UNLINK, 2n, NAME))
  loopback.feed(frame(Opcode.UNLINK, 4n, NAME))
  loopback.feed(frame(Opcode.MKDIR, 6n, NAME))
  loopback.feed(frame(200, 8n))
  loopback.feed(frame(70_000, 10n))
  assert.deepEqual(loopback.connection.counts.byOperation(), {
    unknown: 1,
    mkdir: 1,
    unlink: 2,
    opcode_200: 1,
  })
})
