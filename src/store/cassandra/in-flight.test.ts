import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { InFlight } from './in-flight.js'

/** Tasks that end when told to. */
function gate() {
  const open: (() => void)[] = []
  let running = 0
  let most = 0
  const task = async () => {
    most = Math.max(most, ++running)
    await new Promise<void>((resolve) => open.push(resolve))
    running--
  }
  const finishAll = async (total: number) => {
    for (let done = 0; done < total; done++) {
      while (open.length === 0) await turn()
      open.shift()?.()
      await turn()
    }
  }
  return { task, finishAll, running: () => running, most: () => most }
}

test('no more requests than the limit are under way, and all are done', async () => {
  const inFlight = new InFlight({ count: 3, bytes: 1000 })
  const { task, finishAll, most } = gate()
  const all = inFlight.map(
    Array.from({ length: 10 }, (_, i) => i),
    () => 1,
    async (i) => {
      await task()
      return i * 2
    },
  )
  await finishAll(10)
  assert.deepEqual(await all, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18])
  assert.equal(most(), 3)
})

test('no more bytes than the limit are under way; what is larger goes alone', async () => {
  const inFlight = new InFlight({ count: 100, bytes: 10 })
  const { task, finishAll, running } = gate()
  const all = Promise.all([4, 4, 4, 25, 1].map((bytes) => inFlight.run(bytes, task)))
  await turn()
  assert.equal(running(), 2)
  await finishAll(2)
  assert.equal(running(), 1) // the third; 25 waits, and nobody overtakes it
  await finishAll(1)
  assert.equal(running(), 1)
  await finishAll(2)
  await all
})

test('after a failure nothing more is started, and it is thrown when the rest has ended', async () => {
  const inFlight = new InFlight({ count: 2, bytes: 10 })
  const started: number[] = []
  let ended = false
  const all = inFlight.map(
    [0, 1, 2, 3],
    () => 1,
    async (i) => {
      started.push(i)
      if (i === 0) throw new Error('first')
      await turn()
      await turn()
      ended = true
    },
  )
  await assert.rejects(all, /first/)
  assert.deepEqual(started, [0, 1])
  assert.equal(ended, true)
  await inFlight.run(10, async () => undefined) // all room was given back
})
