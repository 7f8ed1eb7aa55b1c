import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runnableTasks, Spin } from './spin.js'

/** How many of so many turns, one a millisecond, may spin, each with that outcome. */
function spinsIn(spin: Spin, turns: number, outcome: 'hit' | 'miss', startMs = 0): number {
  let spins = 0
  for (let turn = 0; turn < turns; turn++) {
    if (!spin.mayStart(startMs + turn)) continue
    spins++
    if (outcome === 'hit') spin.hit()
    else spin.miss(0.05)
  }
  return spins
}

describe('spinning', () => {
  it('goes on while it catches requests', () => {
    const spin = new Spin(50, () => 1, 2)
    assert.equal(spinsIn(spin, 1000, 'hit'), 1000)
    assert.deepEqual(spin.counts, { spins: 1000, spinHits: 1000, spinWastedMs: 0 })
  })

  it('becomes rarer while it catches none, and comes back with the first it catches', () => {
    const spin = new Spin(50, () => 1, 2)
    const spins = spinsIn(spin, 64_000, 'miss')
    assert.ok(spins > 900 && spins < 1100, `${spins} of 64,000`)
    assert.ok(spin.counts.spinWastedMs < 60)
    spinsIn(spin, 65, 'hit')
    assert.equal(spinsIn(spin, 100, 'hit'), 100)
  })

  it('stops while more wants to run than there are cores, and one more', () => {
    let runnable = 4
    const spin = new Spin(50, () => runnable, 2)
    assert.equal(spinsIn(spin, 100, 'hit'), 0)
    runnable = 3
    assert.equal(spinsIn(spin, 100, 'hit', 1000), 100)
  })

  it('asks for the load now and then only', () => {
    let asked = 0
    const spin = new Spin(50, () => ++asked, 1e9)
    spinsIn(spin, 1000, 'hit')
    assert.ok(asked >= 15 && asked <= 25, `asked ${asked} times in a second`)
  })

  it('never starts when it is to last no time', () => {
    assert.equal(spinsIn(new Spin(0, () => 0, 2), 100, 'hit'), 0)
  })

  it('knows that at least this process runs', () => {
    assert.ok(runnableTasks() >= 1)
  })
})
