// Requests written byte by byte and a loopback to feed them to, for the tests of src/fuse.

import assert from 'node:assert/strict'
import type { Handler } from '../../src/fuse/handler.js'
import { LoopbackDevice } from '../../src/fuse/loopback-device.js'
import { Opcode } from '../../src/fuse/wire/opcodes.js'

/** A body that is the name `name`. */
export const NAME = Buffer.from('name\0')

/** A request on node 1 by uid 1000, gid 100, pid 42. */
export function frame(opcode: number, unique: bigint, body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(40)
  head.writeUInt32LE(40 + body.length, 0)
  head.writeUInt32LE(opcode, 4)
  head.writeBigUInt64LE(unique, 8)
  head.writeBigUInt64LE(1n, 16)
  head.writeUInt32LE(1000, 24)
  head.writeUInt32LE(100, 28)
  head.writeUInt32LE(42, 32)
  return Buffer.concat([head, body])
}

/** A WRITE of `data` to handle 1 at 0. */
export function writeFrame(unique: bigint, data: string): Buffer {
  const body = Buffer.alloc(40)
  body.writeBigUInt64LE(1n, 0)
  body.writeUInt32LE(data.length, 16)
  return frame(Opcode.WRITE, unique, Buffer.concat([body, Buffer.from(data)]))
}

/** The request `unique` is no longer waited for. */
export function interruptFrame(unique: bigint): Buffer {
  const body = Buffer.alloc(8)
  body.writeBigUInt64LE(unique)
  return frame(Opcode.INTERRUPT, unique + 1n, body)
}

/** A loopback to the handler, and what it logs and traces. */
export function openLoopback(handler: Handler) {
  const log: string[] = []
  const trace: string[] = []
  const loopback = new LoopbackDevice({
    handler,
    log: {
      warn: (message) => log.push(message),
      error: (message, error) => log.push(`${message}: ${error}`),
    },
    trace: (line) => trace.push(line),
  })
  return { loopback, log, trace }
}

/** Errno and unique of a reply. */
export function outcome(reply: Buffer | undefined): [number, bigint] {
  assert.ok(reply)
  assert.equal(reply.readUInt32LE(0), reply.length)
  return [Math.abs(reply.readInt32LE(4)), reply.readBigUInt64LE(8)]
}
