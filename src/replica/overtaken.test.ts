// A holder of the write lease that stood still, while others took the lease and went on in the tables that all
// share: the first thing asked of it is a change, before it has looked at anything.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import {
  at,
  change,
  create,
  Fixture,
  isErrno,
  type TreeReplica,
  withCommits,
} from '../../test/simulation/replica-fixture.js'
import { SimJournals } from '../../test/simulation/sim-journals.js'
import { MachineClock } from '../../test/simulation/virtual-time.js'
import { Errno } from '../posix/errno.js'

async function hold(fixture: Fixture, replica: TreeReplica): Promise<void> {
  for (let i = 0; i < 50 && replica.status().early.lease !== 'held'; i++) {
    await fixture.wait(create(replica, `file ${i}`))
    await fixture.pass(20)
  }
  assert.equal(replica.status().early.lease, 'held')
}

test('a change is not laid over answers of its own that others have made impossible', async () => {
  const fixture = await Fixture.create()
  const clock = new MachineClock(fixture.time, 0)
  const lost: string[] = []
  let isCut = false
  const line = withCommits(fixture.memory, (commit, send) =>
    isCut ? new Promise(() => {}) : send(commit),
  )
  const holder = await fixture.open(line, {
    clock,
    journals: new SimJournals(randomUUID).open(
      () => true,
      () => {},
    ),
    onLost: (intent) => lost.push(intent.op),
  })
  const ino = await fixture.wait(create(holder, 'f'))
  await hold(fixture, holder)
  await fixture.wait(holder.settled())
  const append = (text: string) => holder.change({ op: 'append', ino, text, at })
  isCut = true
  assert.equal(append('answered') instanceof Promise, false)
  clock.stop(false)
  const other = await fixture.open(fixture.memory)
  await fixture.wait(change(other, { op: 'unlink', parent: 1, name: 'f' }))
  assert.equal(holder.status().early.lease, 'held', 'it does not know of that')
  const outcome = Promise.resolve(append('too late'))
  clock.goOn()
  isCut = false
  await assert.rejects(fixture.wait(outcome), isErrno(Errno.ESTALE))
  assert.deepEqual(lost, ['append'])
})
