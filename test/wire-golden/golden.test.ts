// The golden frames through a loopback: what a kernel sent is decoded as what was done there, and
// what a handler answers leaves as the bytes that fuse.h says.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DirectoryList, Handler } from '../../src/fuse/handler.js'
import { DEFAULT_WISHES, type Negotiated, negotiate } from '../../src/fuse/handshake.js'
import { LoopbackDevice } from '../../src/fuse/loopback-device.js'
import { operations } from '../../src/fuse/operations.js'
import { Opcode } from '../../src/fuse/wire/opcodes.js'
import { assertIsCall } from '../mount/act-mount.js'
import { actName, acts } from '../mount/acts.js'
import { type Call, complainTo, recording } from '../mount/mounted.js'
import { goldenAnswers } from './answers.js'
import { replyFrame } from './bytes.js'
import { actOf, type GoldenFrame, golden } from './golden.js'

function negotiatedFor(frame: GoldenFrame): Negotiated {
  const offer = { major: 7, minor: 45, maxReadahead: 131072, flags: 0, flags2: 0 }
  return { ...negotiate(offer, DEFAULT_WISHES), flags: new Set(frame.flags) }
}

/** A handler that answers every method as the table says for the opcode. */
function handlerFor(opcode: keyof typeof goldenAnswers): Handler {
  const golden = goldenAnswers[opcode]
  const respond = (_request: unknown, _args: unknown, list?: DirectoryList<unknown>) => {
    for (const entry of golden?.entries ?? []) assert.ok(list?.add(entry))
    return golden?.answer
  }
  return new Proxy<Handler>({}, { get: () => respond })
}

describe('golden frames', () => {
  for (const frame of golden.frames) {
    const act = actOf(frame)
    const bytes = Buffer.from(frame.hex, 'hex')
    if (!goldenAnswers[act.opcode]) continue
    it(`${frame.act} of Linux ${golden.kernel}`, () => {
      const calls: Call[] = []
      const complaints: string[] = []
      const loopback = new LoopbackDevice({
        handler: recording(handlerFor(act.opcode), calls),
        negotiated: negotiatedFor(frame),
        log: complainTo(complaints),
      })
      const reply = loopback.exchange(bytes)
      assert.equal(calls.length, 1)
      assertIsCall(calls[0] as Call, act)
      const body = goldenAnswers[act.opcode]?.body ?? []
      assert.deepEqual(reply, replyFrame(bytes.readBigUInt64LE(8), 0, ...body))
      assert.equal(loopback.replies.length, 1)
      assert.deepEqual(complaints, [])
    })
  }
})

describe('the table of operations', () => {
  const served = operations
    .filter((operation) => operation.kind !== 'refused')
    .map((operation) => operation.name)
    .sort()
  const named = (names: Iterable<string>) => [...new Set(names)].sort()

  it('knows every opcode of the protocol, once', () => {
    const inTable = operations.map(({ name }) => name)
    assert.deepEqual(inTable.toSorted(), Object.keys(Opcode).sort())
  })

  it('has a golden frame for each that is served', () => {
    assert.deepEqual(named(golden.frames.map((frame) => actOf(frame).opcode)), served)
    assert.deepEqual(
      golden.frames.map((frame) => frame.act),
      acts.map(actName),
      'capture the golden frames again: npm run build, then capture.js',
    )
  })

  it('has a loopback test for each that is served', () => {
    // The connection's own requests have theirs in connection.test.ts and handshake.test.ts.
    const own = operations.filter(({ kind }) => kind === 'own').map(({ name }) => name)
    assert.deepEqual(named([...Object.keys(goldenAnswers), ...own]), served)
  })

  it('has an act on a mount for each that is served', () => {
    assert.deepEqual(named(acts.map((act) => act.opcode)), served)
  })
})
