import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MachineClock, VirtualTime } from '../../test/simulation/virtual-time.js'
import { Deadlines } from './deadlines.js'
import { Member } from './member.js'
import { afterRunning } from './running-time.js'

/** A machine whose time passes by hand. */
function machine() {
  const time = new VirtualTime()
  const clock = new MachineClock(time, 0)
  const pass = (ms: number) => {
    let isOver = false
    time.after(ms, () => {
      isOver = true
    })
    return time.runUntil(() => isOver, ms)
  }
  const standStill = async (ms: number) => {
    clock.stop(false)
    await pass(ms)
    clock.goOn()
  }
  return { time, clock, pass, standStill }
}

test('a time limit counts the time for which the process ran', async () => {
  const { time, clock, pass, standStill } = machine()
  let firedMs: number | undefined
  afterRunning(clock, 5000, () => {
    firedMs = time.nowMs
  })
  await pass(1500)
  await standStill(60_000)
  await pass(2000)
  assert.equal(firedMs, undefined)
  await pass(2000)
  // The second in which it stood still counts as one.
  assert.equal(firedMs, 64_500)
})

test('behind a standstill there is a second for the answer that came meanwhile', async () => {
  const { time, clock, pass, standStill } = machine()
  let firedMs: number | undefined
  afterRunning(clock, 5000, () => {
    firedMs = time.nowMs
  })
  await pass(4900)
  await standStill(20_000)
  assert.equal(firedMs, undefined)
  await pass(1100)
  assert.equal(firedMs, 25_900)
})

test('one that was cancelled does not fire, wherever it stood', async () => {
  const { clock, pass } = machine()
  for (const afterMs of [0, 500, 2500, 4999]) {
    const cancel = afterRunning(clock, 5000, () => assert.fail('it was cancelled'))
    await pass(afterMs)
    cancel()
    await pass(10_000)
  }
})

test('a caller whose process stands still has the rest of its time behind that', async () => {
  const { time, clock, pass, standStill } = machine()
  const nowMs = clock.monotonicMs()
  const member = new Member('change', undefined, nowMs, nowMs + 15_000)
  const ended: number[] = []
  const deadlines = new Deadlines<string>({
    clock,
    deadlineMs: 15_000,
    members: () => (ended.length > 0 ? [] : [member]),
    onDue() {
      if (deadlines.isOver(member)) ended.push(time.nowMs)
      deadlines.arm()
    },
  })
  deadlines.arm()
  await pass(3000)
  await standStill(40_000)
  await pass(11_000)
  assert.deepEqual(ended, [])
  await pass(2000)
  assert.deepEqual(ended, [55_000])
})

test('one whose process never runs in time is told in the end', async () => {
  const { clock, pass, standStill } = machine()
  const nowMs = clock.monotonicMs()
  const member = new Member('change', undefined, nowMs, nowMs + 15_000)
  let hasEnded = false
  const deadlines = new Deadlines<string>({
    clock,
    deadlineMs: 15_000,
    members: () => (hasEnded ? [] : [member]),
    onDue() {
      hasEnded ||= deadlines.isOver(member)
      deadlines.arm()
    },
  })
  deadlines.arm()
  for (let turn = 0; turn < 40 && !hasEnded; turn++) {
    await pass(100)
    await standStill(3000)
  }
  assert.ok(hasEnded)
})
