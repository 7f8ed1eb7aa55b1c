import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualTime } from '../../test/simulation/virtual-time.js'
import { systemClock } from '../volume/clock.js'
import { OpenFile } from './open-file.js'
import { SaveTimer } from './save-timer.js'

function scene() {
  const time = new VirtualTime()
  const saved: string[] = []
  let timers = 0
  const clock = {
    ...systemClock,
    monotonicMs: () => time.nowMs,
    setTimer: (delayMs: number, fire: () => void) => {
      timers++
      return time.after(delayMs, fire)
    },
  }
  const timer = new SaveTimer(clock, ({ ino }) => void saved.push(`${ino} at ${time.nowMs}`))
  const file = (ino: number) =>
    new OpenFile(ino, () => {
      throw new Error('nothing is written here')
    })
  const pass = (ms: number) => time.runUntil(() => false, ms)
  return { timer, file, saved, pass, timers: () => timers }
}

test('each file is due at its own time, once, and sooner where a later call says so', async () => {
  const { timer, file, saved, pass } = scene()
  const [slow, fast, twice] = [file(1), file(2), file(3)]
  timer.wait(slow, 5000)
  timer.wait(fast, 1000)
  timer.wait(twice, 5000)
  timer.wait(twice, 2000)
  timer.wait(fast, 9000)
  await pass(20_000)
  assert.deepEqual(saved, ['2 at 1000', '3 at 2000', '1 at 5000'])
  timer.wait(fast, 100)
  await pass(1000)
  assert.equal(saved.length, 4)
})

test('files that are closed in time are never due, and cost no timer each', async () => {
  const { timer, file, saved, pass, timers } = scene()
  for (let ino = 1; ino <= 1000; ino++) {
    const one = file(ino)
    timer.wait(one, 5000)
    await pass(1)
    timer.wait(one, 1000)
    timer.forget(one)
  }
  await pass(20_000)
  assert.deepEqual(saved, [])
  assert.ok(timers() < 20, `${timers()} timers`)
})

test('one that a save makes wait again is due again', async () => {
  const { timer, file, saved, pass } = scene()
  const [first, second] = [file(1), file(2)]
  timer.wait(first, 1000)
  timer.wait(second, 1500)
  await pass(1200)
  timer.wait(first, 1000)
  timer.forget(second)
  await pass(5000)
  assert.deepEqual(saved, ['1 at 1000', '1 at 2200'])
})
