// Processes that write one store at the same time: whoever loses a race has its turn soon.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { change, create, Fixture, withCommits } from '../../test/simulation/replica-fixture.js'
import type { Store } from '../store/store.js'

/** A store whose transactions wait for one another, as LMDB's do: what one does shows when it is on disk. */
function inTurns(fixture: Fixture, syncMs: number): Store {
  let last: Promise<unknown> = Promise.resolve()
  return withCommits(fixture.memory, (commit, send) => {
    const outcome = last.then(async () => {
      const head = await fixture.memory.readHead(commit.volume)
      if (head?.seq === commit.expect.seq) await fixture.time.sleep(syncMs)
      return send(commit)
    })
    last = outcome
    return outcome
  })
}

test('beside a process that commits without a pause, the other has its turn after a race or two', async () => {
  const fixture = await Fixture.create()
  const store = inTurns(fixture, 2)
  const [busy, other] = [await fixture.open(store), await fixture.open(store)]
  const file = await fixture.wait(create(busy, 'f'))
  let isOver = false
  const writing = (async () => {
    while (!isOver) {
      await busy.ready()
      await change(busy, { op: 'append', ino: file, text: '.' })
      await fixture.time.sleep(0.2)
    }
  })()
  for (let count = 0; count < 20; count++) {
    await fixture.pass(10.1)
    const before = busy.status().commits
    await fixture.wait(Promise.resolve(other.ready()))
    await fixture.wait(create(other, `other${count}`))
    const passed = busy.status().commits - before
    assert.ok(passed <= 3, `${passed} commits of the one before change ${count} of the other`)
  }
  isOver = true
  await fixture.wait(writing)
})
