/** When a mount has the write lease, and what bounds its early answers, in virtual time. */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import type { Store } from '../../src/store/store.js'
import type { Vfs } from '../../src/vfs/vfs.js'
import { systemClock } from '../../src/volume/clock.js'
import { rootIno } from '../../src/volume/inode.js'
import {
  create,
  Fixture,
  remote,
  type TreeReplica,
  withCalls,
} from '../simulation/replica-fixture.js'
import { SimJournals } from '../simulation/sim-journals.js'
import { holding, writeAtOnce } from '../vfs/holding.js'
import { root } from '../vfs/test-vfs.js'

const leaseOf = (replica: TreeReplica) => replica.status().early.lease

function openMount(fixture: Fixture): Promise<TreeReplica> {
  const journals = new SimJournals(randomUUID).open(
    () => true,
    () => {},
  )
  return fixture.open(remote(fixture.memory), { journals, writeLease: true })
}

test('who commits one change after the other asks for the lease with the next; who is not alone does not', async () => {
  const fixture = await Fixture.create()
  const [one, other] = [await openMount(fixture), await openMount(fixture)]
  for (let count = 0; count < 10; count++) {
    await fixture.wait(create(one, `one ${count}`))
    await fixture.wait(create(other, `other ${count}`))
    assert.deepEqual([leaseOf(one), leaseOf(other)], ['none', 'none'])
  }
  await fixture.pass(2000)
  const { commits } = one.status()
  for (let count = 0; leaseOf(one) === 'none'; count++)
    await fixture.wait(create(one, `alone ${count}`))
  assert.equal(leaseOf(one), 'held')
  assert.equal(one.status().commits - commits, 3, 'with the commit behind two of its own')
})

test('a mount that makes no change for 5 s gives the lease back by itself', async () => {
  const fixture = await Fixture.create()
  const one = await openMount(fixture)
  for (let count = 0; leaseOf(one) !== 'held'; count++)
    await fixture.wait(create(one, `one ${count}`))
  await fixture.pass(4000)
  await fixture.wait(create(one, 'just in time'))
  await fixture.pass(4000)
  assert.equal(leaseOf(one), 'held')
  await fixture.pass(2500)
  assert.equal(leaseOf(one), 'none')
})

/** A holder whose changes are not committed before `open` is called, and whose clock stands still. */
async function withoutCommits(
  body: (vfs: Vfs, given: { pass(ms: number): void; open(): void }) => Promise<void>,
): Promise<void> {
  let nowMs = 1_000_000
  const clock = { ...systemClock, monotonicMs: () => nowMs }
  const store: Store = createMemoryStore()
  let open = (): void => undefined
  let gate: Promise<void> | undefined
  const shut = withCalls(store, {
    async commit(change) {
      await gate
      return store.commit(change)
    },
  })
  const pass = (ms: number) => {
    nowMs += ms
  }
  await holding({ store: shut, replica: { clock } }, async (vfs, { replica }) => {
    gate = new Promise((resolve) => {
      open = resolve
    })
    await body(vfs, { pass, open: () => open() })
    await replica.settled()
  })
}

test('what is a second old and not committed lets nothing more be answered early', async () => {
  await withoutCommits(async (vfs, { pass, open }) => {
    writeAtOnce(vfs, 'first', 'x')
    pass(1000)
    writeAtOnce(vfs, 'in time', 'x')
    pass(1)
    const late = vfs.mkdir(root, rootIno, 'late', 0o755)
    assert.ok(late instanceof Promise, 'a second is over')
    open()
    await late
  })
})

test('64 MiB that are not committed let nothing more be answered early', async () => {
  await withoutCommits(async (vfs, { open }) => {
    let waiting: unknown
    let mebibytes = 0
    while (!(waiting instanceof Promise)) {
      writeAtOnce(vfs, `f${mebibytes++}`, randomBytes(2 ** 20))
      waiting = vfs.mkdir(root, rootIno, `behind${mebibytes}`, 0o755)
      assert.ok(mebibytes < 70)
    }
    assert.ok(mebibytes > 60, `${mebibytes} MiB`)
    open()
    await waiting
  })
})
