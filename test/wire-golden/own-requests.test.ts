// The requests that the connection answers itself, as a kernel sent them: INIT, FORGET,
// BATCH_FORGET, INTERRUPT, DESTROY.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Handler, Negotiated, Request } from '../../src/fuse/handler.js'
import { DEFAULT_FLAGS } from '../../src/fuse/handshake.js'
import { LoopbackDevice } from '../../src/fuse/loopback-device.js'
import type { OpcodeName } from '../../src/fuse/wire/opcodes.js'
import { FIRST_NODE } from '../mount/acts.js'
import { complainTo } from '../mount/mounted.js'
import { replyFrame, u16, u32, zeros } from './bytes.js'
import { actOf, golden } from './golden.js'

function frameOf(opcode: OpcodeName): Buffer {
  const frame = golden.frames.find((one) => actOf(one).opcode === opcode)
  assert.ok(frame)
  return Buffer.from(frame.hex, 'hex')
}

function open(handler: Handler) {
  const complaints: string[] = []
  const loopback = new LoopbackDevice({ handler, log: complainTo(complaints) })
  return { loopback, complaints }
}

describe('requests of the connection itself', () => {
  it('INIT of Linux 6.18: 7.45, with the usual flags', async () => {
    let told: Negotiated | undefined
    const { loopback } = open({
      init(negotiated) {
        told = negotiated
      },
    })
    const reply = loopback.exchange(frameOf('INIT'))
    const initOut = [
      u32(7, 45, 0x20000),
      // Bits 0 5 6 13 15 18 20 22 23 24 25 28 29 30 of 32.
      u32(0x73d4a061),
      u16(64, 48),
      u32(0x100000, 1),
      u16(256, 0),
      // Bits 34, 35, 36 and 39 less 32.
      u32(0x9c, 0),
      u16(0, 0),
      zeros(20),
    ]
    assert.deepEqual(reply, replyFrame(2, 0, ...initOut))
    assert.deepEqual(told?.flags, DEFAULT_FLAGS)
    assert.equal(await loopback.connection.agreed, told)
  })

  it('FORGET has no reply', () => {
    const seen: unknown[] = []
    const { loopback } = open({ forget: (_request, args) => seen.push(args) })
    loopback.feed(frameOf('FORGET'))
    assert.deepEqual(seen, [{ nodeid: FIRST_NODE, nlookup: 2 }])
    assert.deepEqual(loopback.replies, [])
  })

  it('BATCH_FORGET comes as one call, or as many of forget', () => {
    const one: unknown[] = []
    const many: unknown[] = []
    const bytes = frameOf('BATCH_FORGET')
    const count = bytes.readUInt32LE(40)
    assert.equal(bytes.length, 40 + 8 + 16 * count)
    // How many the kernel had waiting is chance; each is a file that was looked up once.
    const expected = Array.from({ length: count }, (_, index) => ({
      nodeid: FIRST_NODE + bytes.readUInt32LE(48 + 16 * index) - (FIRST_NODE % 2 ** 32),
      nlookup: 1,
    }))
    assert.equal(new Set(expected.map(({ nodeid }) => nodeid)).size, count)
    open({ batchForget: (_request, { forgets }) => one.push(...forgets) }).loopback.feed(bytes)
    open({ forget: (_request, args) => many.push(args) }).loopback.feed(bytes)
    assert.deepEqual(one, expected)
    assert.deepEqual(many, expected)
  })

  it('INTERRUPT aborts the request it names, and has no reply', async () => {
    let waiting: Request | undefined
    const { loopback } = open({
      setlkw: (request) => {
        waiting = request
        return new Promise((resolve) => {
          request.signal.addEventListener('abort', () => resolve(4))
        })
      },
    })
    const setlkw = frameOf('SETLKW')
    const interrupt = frameOf('INTERRUPT')
    // The two were captured in different mounts: the waiting request gets the number named.
    const unique = interrupt.readBigUInt64LE(40)
    setlkw.writeBigUInt64LE(unique, 8)
    loopback.feed(setlkw)
    assert.equal(waiting?.signal.aborted, false)
    loopback.feed(interrupt)
    assert.deepEqual(await loopback.untilReplies(1), [replyFrame(unique, -4)])
    assert.equal(waiting?.signal.aborted, true)
  })

  it('DESTROY is answered, and tells the handler once', () => {
    let count = 0
    const { loopback } = open({ destroy: () => count++ })
    const reply = loopback.exchange(frameOf('DESTROY'))
    assert.deepEqual(reply, replyFrame(8, 0))
    loopback.connection.destroy()
    assert.equal(count, 1)
  })
})
