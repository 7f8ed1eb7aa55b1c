import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Handler, Request } from './handler.js'
import { LoopbackDevice } from './loopback-device.js'
import { Opcode } from './wire/opcodes.js'

const NAME = Buffer.from('name\0')

/** A request on node 1 by uid 1000, gid 100, pid 42. */
function frame(opcode: number, unique: bigint, body: Buffer = Buffer.alloc(0)): Buffer {
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
function writeFrame(unique: bigint, data: string): Buffer {
  const body = Buffer.alloc(40)
  body.writeBigUInt64LE(1n, 0)
  body.writeUInt32LE(data.length, 16)
  return frame(Opcode.WRITE, unique, Buffer.concat([body, Buffer.from(data)]))
}

function interruptFrame(unique: bigint): Buffer {
  const body = Buffer.alloc(8)
  body.writeBigUInt64LE(unique)
  return frame(Opcode.INTERRUPT, unique + 1n, body)
}

function open(handler: Handler) {
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
function outcome(reply: Buffer | undefined): [number, bigint] {
  assert.ok(reply)
  assert.equal(reply.readUInt32LE(0), reply.length)
  return [Math.abs(reply.readInt32LE(4)), reply.readBigUInt64LE(8)]
}

describe('answers', () => {
  it('of a method come in the same tick', () => {
    const { loopback } = open({ unlink: () => undefined })
    const reply = loopback.exchange(frame(Opcode.UNLINK, 6n, NAME))
    assert.deepEqual(outcome(reply), [0, 6n])
    assert.equal(loopback.connection.pending, 0)
  })

  it('that are numbers are error numbers', () => {
    const { loopback, log } = open({ unlink: () => 2 })
    assert.deepEqual(outcome(loopback.exchange(frame(Opcode.UNLINK, 6n, NAME))), [2, 6n])
    assert.deepEqual(log, [])
  })

  it('that are no error numbers are EIO, and logged', () => {
    for (const wrong of [0, -2, 512, 2.5, Number.NaN]) {
      const { loopback, log } = open({ unlink: () => wrong })
      assert.deepEqual(outcome(loopback.exchange(frame(Opcode.UNLINK, 6n, NAME))), [5, 6n])
      assert.match(log.join(), /UNLINK 6: .* is no errno/)
    }
  })

  it('of a missing method, an unknown opcode and a refused one are ENOSYS', () => {
    const { loopback } = open({})
    for (const opcode of [Opcode.UNLINK, Opcode.IOCTL, Opcode.POLL, Opcode.BMAP, 77]) {
      assert.deepEqual(outcome(loopback.exchange(frame(opcode, 8n, NAME))), [38, 8n])
    }
  })

  it('that are thrown have the errno of the error, of either sign', () => {
    for (const errno of [13, -13]) {
      const { loopback, log } = open({
        unlink() {
          throw Object.assign(new Error('no'), { errno })
        },
      })
      assert.deepEqual(outcome(loopback.exchange(frame(Opcode.UNLINK, 6n, NAME))), [13, 6n])
      assert.deepEqual(log, [])
    }
  })

  it('that are thrown without one are EIO, and logged with opcode and unique', () => {
    const { loopback, log } = open({
      unlink() {
        throw new Error('a fault')
      },
    })
    const reply = loopback.exchange(frame(Opcode.UNLINK, 0x1_0000_00ffn, NAME))
    assert.deepEqual(outcome(reply), [5, 0x1_0000_00ffn])
    assert.deepEqual(log, ['UNLINK 1000000ff failed: Error: a fault'])
  })

  it('that cannot be encoded are EIO and logged, and count as not handed over', () => {
    const failures: number[] = []
    const { loopback, log } = open({
      lookup(request) {
        request.onReplyFailed((errno) => failures.push(errno))
        return { nodeid: 2, attributes: {} } as never
      },
    })
    assert.deepEqual(outcome(loopback.exchange(frame(Opcode.LOOKUP, 6n, NAME))), [5, 6n])
    assert.match(log.join(), /LOOKUP 6 failed/)
    assert.deepEqual(failures, [5])
  })

  it('with more data than was asked for are EIO', () => {
    const read = Buffer.alloc(40)
    read.writeUInt32LE(10, 16)
    const { loopback, log } = open({ read: () => Buffer.alloc(11) })
    assert.deepEqual(outcome(loopback.exchange(frame(Opcode.READ, 6n, read))), [5, 6n])
    assert.match(log.join(), /READ 6 failed: ReplyError/)
  })

  it('that are promises come when they settle, in their own order', async () => {
    const resolvers: ((value: undefined | number) => void)[] = []
    const { loopback } = open({
      unlink: () => new Promise((resolve) => resolvers.push(resolve)),
    })
    loopback.feed(frame(Opcode.UNLINK, 2n, NAME))
    loopback.feed(frame(Opcode.UNLINK, 4n, NAME))
    assert.equal(loopback.connection.pending, 2)
    assert.deepEqual(loopback.replies, [])
    resolvers[1]?.(undefined)
    await loopback.untilReplies(1)
    resolvers[0]?.(39)
    const replies = await loopback.untilReplies(2)
    assert.deepEqual(replies.map(outcome), [
      [0, 4n],
      [39, 2n],
    ])
    assert.equal(loopback.connection.pending, 0)
  })

  it('that are rejected promises are errors like thrown ones', async () => {
    const { loopback, log } = open({ unlink: async () => Promise.reject(new Error('later')) })
    loopback.feed(frame(Opcode.UNLINK, 2n, NAME))
    assert.deepEqual((await loopback.untilReplies(1)).map(outcome), [[5, 2n]])
    assert.deepEqual(log, ['UNLINK 2 failed: Error: later'])
  })

  it('of a negative entry have no node, and a lifetime', () => {
    const { loopback } = open({ lookup: () => ({ nodeid: 0, entryTtlMs: 2500 }) })
    const reply = loopback.exchange(frame(Opcode.LOOKUP, 6n, NAME))
    assert.equal(reply?.length, 16 + 128)
    assert.equal(reply?.readBigUInt64LE(16), 0n)
    assert.equal(reply?.readBigUInt64LE(32), 2n)
    assert.equal(reply?.readUInt32LE(48), 500_000_000)
  })
})

describe('xattr answers', () => {
  const room = (size: number) => {
    const body = Buffer.alloc(8)
    body.writeUInt32LE(size)
    return body
  }
  const handler: Handler = { getxattr: () => Buffer.from('value'), listxattr: () => ['a', 'bc'] }

  it('tell the size when there is no room at all', () => {
    const { loopback } = open(handler)
    const get = frame(Opcode.GETXATTR, 2n, Buffer.concat([room(0), NAME]))
    const list = frame(Opcode.LISTXATTR, 2n, room(0))
    assert.deepEqual(loopback.exchange(get)?.readUInt32LE(16), 5)
    assert.deepEqual(loopback.exchange(list)?.readUInt32LE(16), 5)
  })

  it('are ERANGE when there is too little', () => {
    const { loopback } = open(handler)
    const get = frame(Opcode.GETXATTR, 2n, Buffer.concat([room(4), NAME]))
    assert.deepEqual(outcome(loopback.exchange(get)), [34, 2n])
    assert.deepEqual(outcome(loopback.exchange(frame(Opcode.LISTXATTR, 4n, room(4)))), [34, 4n])
  })

  it('are whole when there is just enough', () => {
    const { loopback } = open(handler)
    const get = frame(Opcode.GETXATTR, 2n, Buffer.concat([room(5), NAME]))
    assert.equal(loopback.exchange(get)?.toString('latin1', 16), 'value')
    const list = loopback.exchange(frame(Opcode.LISTXATTR, 4n, room(5)))
    assert.equal(list?.toString('latin1', 16), 'a\0bc\0')
  })
})

describe('a request', () => {
  it('tells who asks', () => {
    let seen: Request | undefined
    const { loopback } = open({
      unlink(request) {
        seen = request
        return undefined
      },
    })
    loopback.feed(frame(Opcode.UNLINK, 0x8000_0000_0000_00ffn, NAME))
    assert.equal(seen?.unique, '80000000000000ff')
    assert.deepEqual([seen?.nodeid, seen?.uid, seen?.gid, seen?.pid], [1, 1000, 100, 42])
    assert.equal(seen?.groups, undefined)
  })

  it('that is interrupted before it asked for its signal gets it aborted', async () => {
    let aborted: boolean | undefined
    const { loopback } = open({
      async unlink(request) {
        await nextTurn()
        aborted = request.signal.aborted
        return 4
      },
    })
    loopback.feed(frame(Opcode.UNLINK, 2n, NAME))
    loopback.feed(interruptFrame(2n))
    await loopback.untilReplies(1)
    assert.equal(aborted, true)
  })

  it('that is not interrupted has a signal that stays quiet', async () => {
    let aborted: boolean | undefined
    const { loopback } = open({
      async unlink({ signal }) {
        await nextTurn()
        aborted = signal.aborted
        return undefined
      },
    })
    loopback.feed(frame(Opcode.UNLINK, 2n, NAME))
    loopback.feed(interruptFrame(4n))
    await loopback.untilReplies(1)
    assert.equal(aborted, false)
  })

  it('that is gone when its reply comes is told so', () => {
    const failures: number[] = []
    const { loopback, log } = open({
      unlink(request) {
        request.onReplyFailed((errno) => failures.push(errno))
        return undefined
      },
    })
    loopback.feed(frame(Opcode.UNLINK, 2n, NAME))
    assert.deepEqual(failures, [])
    loopback.refuseErrno = 2
    loopback.feed(frame(Opcode.UNLINK, 4n, NAME))
    assert.deepEqual(failures, [2])
    assert.deepEqual(log, [])
  })

  it('whose reply the kernel finds wrong is logged', () => {
    const { loopback, log } = open({ unlink: () => undefined })
    loopback.refuseErrno = 22
    loopback.feed(frame(Opcode.UNLINK, 4n, NAME))
    assert.match(log.join(), /UNLINK 4: the kernel refused a reply of 16 bytes with errno 22/)
  })

  it('that comes a second time while it is answered is answered once, to its new number', async () => {
    let calls = 0
    let finish: (() => void) | undefined
    const { loopback } = open({
      unlink: () => {
        calls++
        return new Promise((resolve) => {
          finish = () => resolve(undefined)
        })
      },
    })
    loopback.feed(frame(Opcode.UNLINK, 2n, NAME))
    loopback.feed(frame(Opcode.UNLINK, 0x8000_0000_0000_0002n, NAME))
    finish?.()
    const replies = await loopback.untilReplies(1)
    assert.equal(calls, 1)
    assert.deepEqual(replies.map(outcome), [[0, 0x8000_0000_0000_0002n]])
    assert.equal(loopback.connection.pending, 0)
  })

  it('keeps the data of a write until it is answered', async () => {
    const kept: Buffer[] = []
    const { loopback } = open({
      async write(_request, { data }) {
        kept.push(data)
        await nextTurn()
        return { size: data.length }
      },
    })
    const { connection } = loopback
    const first = connection.takeFrame()
    first.bytes.set(writeFrame(2n, 'first'))
    assert.equal(connection.handle(first, 85), false, 'the buffer stays with the write')
    const second = connection.takeFrame()
    assert.notEqual(second, first)
    second.bytes.set(writeFrame(4n, 'other'))
    connection.handle(second, 85)
    assert.deepEqual(kept.map(String), ['first', 'other'])
    await loopback.untilReplies(2)
    assert.ok([first, second].includes(connection.takeFrame()), 'buffers are used again')
  })

  it('leaves a line when it comes and one when it is answered', async () => {
    const { loopback, trace } = open({
      unlink: () => 2,
      write: async (_request, { data }) => ({ size: data.length }),
    })
    loopback.feed(frame(Opcode.UNLINK, 0x2an, NAME))
    loopback.feed(writeFrame(0x2cn, 'five!'))
    await loopback.untilReplies(2)
    assert.deepEqual(trace, [
      'rx 2a: UNLINK n1 {"name":"name"} p42',
      'tx 2a: 2=ENOENT',
      'rx 2c: WRITE n1 {"fh":1,"offset":0,"data":"5 bytes","flags":0,"writeFlags":0} p42',
      'tx 2c: OK 24 bytes',
    ])
  })
})

describe('the end of a connection', () => {
  it('aborts what is awaited, and takes no reply any more', async () => {
    const failures: number[] = []
    let signal: AbortSignal | undefined
    let destroyed = 0
    const { loopback } = open({
      destroy: () => destroyed++,
      unlink: (request) => {
        signal = request.signal
        request.onReplyFailed((errno) => failures.push(errno))
        return new Promise((resolve) => {
          signal?.addEventListener('abort', () => resolve(undefined))
        })
      },
    })
    loopback.feed(frame(Opcode.UNLINK, 2n, NAME))
    loopback.connection.destroy()
    loopback.connection.destroy()
    await nextTurn()
    assert.equal(signal?.aborted, true)
    assert.deepEqual(failures, [19])
    assert.deepEqual(loopback.replies, [])
    assert.equal(destroyed, 1)
  })
})
