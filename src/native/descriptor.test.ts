import assert from 'node:assert/strict'
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { receiveDescriptor, sendDescriptor, setNonBlocking, socketPair } from './descriptor.js'
import { read } from './io.js'
import { watchReadable } from './poll.js'

function withPair(body: (ours: number, theirs: number) => void): void {
  const [ours, theirs] = socketPair()
  try {
    body(ours, theirs)
  } finally {
    closeSync(ours)
    closeSync(theirs)
  }
}

describe('a passed descriptor', () => {
  it('is the same file under another number', () => {
    withPair((ours, theirs) => {
      const sent = openSync('/dev/null', 'r')
      sendDescriptor(theirs, sent)
      const received = receiveDescriptor(ours)
      assert.notEqual(received, sent)
      assert.equal(fstatSync(received).ino, fstatSync(sent).ino)
      closeSync(sent)
      closeSync(received)
    })
  })

  it('that has not come is EAGAIN', () => {
    withPair((ours) => assert.throws(() => receiveDescriptor(ours), { code: 'EAGAIN' }))
  })

  it('is missing from a message without one', () => {
    withPair((ours, theirs) => {
      writeSync(theirs, 'x')
      assert.throws(() => receiveDescriptor(ours), { code: 'EPROTO' })
    })
  })

  it('will not come any more when the other side is closed', () => {
    const [ours, theirs] = socketPair()
    closeSync(theirs)
    assert.throws(() => receiveDescriptor(ours), { code: 'EPIPE' })
    closeSync(ours)
  })
})

describe('a watched descriptor', () => {
  it('calls when there is something to read, until it is closed', async () => {
    const [ours, theirs] = socketPair()
    setNonBlocking(ours)
    const buffer = Buffer.alloc(8)
    assert.equal(read(ours, buffer, 8), -11)
    let wakeUps = 0
    const came = new Promise<number>((resolve) => {
      const watch = watchReadable(ours, () => {
        wakeUps++
        resolve(read(ours, buffer, 8))
        watch.close()
        watch.close()
      })
    })
    writeSync(theirs, 'four')
    assert.equal(await came, 4)
    writeSync(theirs, 'more')
    await nextTurn()
    await nextTurn()
    assert.equal(wakeUps, 1)
    closeSync(ours)
    closeSync(theirs)
  })

  it('reports what its callback throws', async () => {
    const [ours, theirs] = socketPair()
    const seen = new Promise((resolve) => {
      process.prependOnceListener('uncaughtException', resolve)
    })
    const listeners = process.rawListeners('uncaughtException').slice(1)
    for (const one of listeners) process.off('uncaughtException', one as () => void)
    const watch = watchReadable(ours, () => {
      watch.close()
      throw new Error('from the callback')
    })
    writeSync(theirs, 'x')
    assert.match(String(await seen), /from the callback/)
    for (const one of listeners) process.on('uncaughtException', one as () => void)
    closeSync(ours)
    closeSync(theirs)
  })
})
