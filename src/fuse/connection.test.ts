import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  frame,
  interruptFrame,
  NAME,
  openLoopback,
  outcome,
  writeFrame,
} from '../../test/support/loopback.js'
import type { Request } from './handler.js'
import { Opcode } from './wire/opcodes.js'

describe('a request', () => {
  it('tells who asks', () => {
    let seen: Request | undefined
    const { loopback } = openLoopback({
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
    const { loopback } = openLoopback({
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
    const { loopback } = openLoopback({
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
    const { loopback, log } = openLoopback({
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
    const { loopback, log } = openLoopback({ unlink: () => undefined })
    loopback.refuseErrno = 22
    loopback.feed(frame(Opcode.UNLINK, 4n, NAME))
    assert.match(log.join(), /UNLINK 4: the kernel refused a reply of 16 bytes with errno 22/)
  })

  it('that comes a second time while it is answered is answered once, to its new number', async () => {
    let calls = 0
    let finish: (() => void) | undefined
    const { loopback } = openLoopback({
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
    const { loopback } = openLoopback({
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
    const { loopback, trace } = openLoopback({
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
    const { loopback } = openLoopback({
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
