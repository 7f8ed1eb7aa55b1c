// Frames that no kernel sends: truncated, torn, random. Each gets an errno or is dropped with a
// line in the log; none brings the server down or is answered twice.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Handler } from './handler.js'
import { DEFAULT_WISHES } from './handshake.js'
import { LoopbackDevice } from './loopback-device.js'
import { operations } from './operations.js'

/** Answers everything with an errno, so that only decoding is at stake. */
const refusing = new Proxy<Handler>(
  {},
  {
    get: (_target, name) => {
      if (name === 'init' || name === 'destroy' || name === 'batchForget') return undefined
      return () => 1
    },
  },
)

const WITHOUT_REPLY = new Set([2, 36, 41, 42])
/** Room of a request buffer: nothing longer is ever read. */
const FRAME_MAX = 4096

function serve(bytes: Uint8Array) {
  const log: string[] = []
  const loopback = new LoopbackDevice({
    handler: refusing,
    wishes: { ...DEFAULT_WISHES, maxWrite: FRAME_MAX },
    log: {
      warn: (message) => log.push(message),
      error: (message, error) => log.push(`${message}: ${error}`),
    },
  })
  loopback.feed(bytes)
  return { replies: loopback.replies, log }
}

function frame(opcode: number, length: number, extlen: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(40)
  head.writeUInt32LE(length, 0)
  head.writeUInt32LE(opcode, 4)
  head.writeUInt32LE(2, 8)
  head.writeUInt32LE(1, 16)
  head.writeUInt16LE(extlen, 36)
  return Buffer.concat([head, body])
}

const opcodes = [...operations.map(({ opcode }) => opcode), 0, 7, 19, 54, 4095, 0xffffffff]
const anyOpcode = fc.constantFrom(...opcodes)
const anyBody = fc.uint8Array({ maxLength: FRAME_MAX - 40, size: 'max' })

describe('malformed frames', () => {
  it('of a known length get one errno, or none where none is due', () => {
    const property = fc.property(anyOpcode, anyBody, (opcode, body) => {
      const { replies, log } = serve(frame(opcode, 40 + body.length, 0, body))
      if (WITHOUT_REPLY.has(opcode)) {
        assert.equal(replies.length, 0)
        return
      }
      assert.equal(replies.length, 1, log.join())
      const [reply] = replies
      assert.equal(reply?.readUInt32LE(0), reply?.length)
      assert.equal(reply?.readUInt32LE(8), 2)
      // INIT may be understood; all else is refused by the handler or before.
      if (opcode !== 26 && opcode !== 38) assert.ok((reply?.readInt32LE(4) ?? 0) < 0)
    })
    fc.assert(property, { numRuns: 3000 })
  })

  it('with extensions that are torn get one errno or are dropped', () => {
    const property = fc.property(anyOpcode, fc.nat(0xffff), anyBody, (opcode, extlen, body) => {
      const { replies, log } = serve(frame(opcode, 40 + body.length, extlen, body))
      assert.ok(replies.length <= 1)
      if (replies.length === 0 && !WITHOUT_REPLY.has(opcode)) assert.equal(log.length, 1)
    })
    fc.assert(property, { numRuns: 2000 })
  })

  it('whose length is not what the header says are dropped, and logged', () => {
    const property = fc.property(anyOpcode, fc.nat(), anyBody, (opcode, length, body) => {
      fc.pre(length !== 40 + body.length)
      const { replies, log } = serve(frame(opcode, length, 0, body))
      assert.deepEqual(replies, [])
      assert.match(log.join(), /dropped/)
    })
    fc.assert(property, { numRuns: 500 })
  })

  it('that are shorter than a header are dropped, and logged', () => {
    for (let length = 0; length < 40; length++) {
      const bytes = frame(1, length, 0, Buffer.alloc(0)).subarray(0, length)
      const { replies, log } = serve(bytes)
      assert.deepEqual(replies, [])
      assert.equal(log.length, 1)
    }
  })

  it('that are wrong in every single truncation of a good one never crash', () => {
    // RENAME2 with two names, SETXATTR-like tails, a BATCH_FORGET that counts too many.
    const rename = Buffer.concat([Buffer.alloc(16, 1), Buffer.from('from\0to\0')])
    for (let length = 0; length < rename.length; length++) {
      const body = rename.subarray(0, length)
      const { replies } = serve(frame(45, 40 + length, 0, body))
      assert.ok((replies[0]?.readInt32LE(4) ?? 0) < -1, `cut after ${length} bytes`)
    }
    const forgets = Buffer.alloc(8 + 16)
    forgets.writeUInt32LE(2, 0)
    const { replies, log } = serve(frame(42, 40 + forgets.length, 0, forgets))
    assert.deepEqual(replies, [])
    assert.match(log.join(), /too short/)
  })
})
