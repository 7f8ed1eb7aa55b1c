import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { frame, NAME, openLoopback, outcome } from '../../test/support/loopback.js'
import type { Handler } from './handler.js'
import { Opcode } from './wire/opcodes.js'

describe('answers', () => {
  it('of a method come in the same tick', () => {
    const { loopback } = openLoopback({ unlink: () => undefined })
    const reply = loopback.exchange(frame(Opcode.UNLINK, 6n, NAME))
    assert.deepEqual(outcome(reply), [0, 6n])
    assert.equal(loopback.connection.pending, 0)
  })

  it('that are numbers are error numbers', () => {
    const { loopback, log } = openLoopback({ unlink: () => 2 })
    assert.deepEqual(outcome(loopback.exchange(frame(Opcode.UNLINK, 6n, NAME))), [2, 6n])
    assert.deepEqual(log, [])
  })

  it('that are no error numbers are EIO, and logged', () => {
    for (const wrong of [0, -2, 512, 2.5, Number.NaN]) {
      const { loopback, log } = openLoopback({ unlink: () => wrong })
      assert.deepEqual(outcome(loopback.exchange(frame(Opcode.UNLINK, 6n, NAME))), [5, 6n])
      assert.match(log.join(), /UNLINK 6: .* is no errno/)
    }
  })

  it('of a missing method, an unknown opcode and a refused one are ENOSYS', () => {
    const { loopback } = openLoopback({})
    for (const opcode of [Opcode.UNLINK, Opcode.IOCTL, Opcode.POLL, Opcode.BMAP, 77]) {
      assert.deepEqual(outcome(loopback.exchange(frame(opcode, 8n, NAME))), [38, 8n])
    }
  })

  it('that are thrown have the errno of the error, of either sign', () => {
    for (const errno of [13, -13]) {
      const { loopback, log } = openLoopback({
        unlink() {
          throw Object.assign(new Error('no'), { errno })
        },
      })
      assert.deepEqual(outcome(loopback.exchange(frame(Opcode.UNLINK, 6n, NAME))), [13, 6n])
      assert.deepEqual(log, [])
    }
  })

  it('that are thrown without one are EIO, and logged with opcode and unique', () => {
    const { loopback, log } = openLoopback({
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
    const { loopback, log } = openLoopback({
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
    const { loopback, log } = openLoopback({ read: () => Buffer.alloc(11) })
    assert.deepEqual(outcome(loopback.exchange(frame(Opcode.READ, 6n, read))), [5, 6n])
    assert.match(log.join(), /READ 6 failed: ReplyError/)
  })

  it('that are promises come when they settle, in their own order', async () => {
    const resolvers: ((value: undefined | number) => void)[] = []
    const { loopback } = openLoopback({
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
    const { loopback, log } = openLoopback({
      unlink: async () => Promise.reject(new Error('later')),
    })
    loopback.feed(frame(Opcode.UNLINK, 2n, NAME))
    assert.deepEqual((await loopback.untilReplies(1)).map(outcome), [[5, 2n]])
    assert.deepEqual(log, ['UNLINK 2 failed: Error: later'])
  })

  it('of a negative entry have no node, and a lifetime', () => {
    const { loopback } = openLoopback({ lookup: () => ({ nodeid: 0, entryTtlMs: 2500 }) })
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
    const { loopback } = openLoopback(handler)
    const get = frame(Opcode.GETXATTR, 2n, Buffer.concat([room(0), NAME]))
    const list = frame(Opcode.LISTXATTR, 2n, room(0))
    assert.deepEqual(loopback.exchange(get)?.readUInt32LE(16), 5)
    assert.deepEqual(loopback.exchange(list)?.readUInt32LE(16), 5)
  })

  it('are ERANGE when there is too little', () => {
    const { loopback } = openLoopback(handler)
    const get = frame(Opcode.GETXATTR, 2n, Buffer.concat([room(4), NAME]))
    assert.deepEqual(outcome(loopback.exchange(get)), [34, 2n])
    assert.deepEqual(outcome(loopback.exchange(frame(Opcode.LISTXATTR, 4n, room(4)))), [34, 4n])
  })

  it('are whole when there is just enough', () => {
    const { loopback } = openLoopback(handler)
    const get = frame(Opcode.GETXATTR, 2n, Buffer.concat([room(5), NAME]))
    assert.equal(loopback.exchange(get)?.toString('latin1', 16), 'value')
    const list = loopback.exchange(frame(Opcode.LISTXATTR, 4n, room(5)))
    assert.equal(list?.toString('latin1', 16), 'a\0bc\0')
  })
})
