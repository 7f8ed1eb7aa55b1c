// The write lease of an embedded store goes from one process to another that wants to write, though its
// holder does nothing: a hint tells it. The holder is this file run once more.

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createEmptyVolume, type EmptyVolume } from '../../test/simulation/empty-volume.js'
import { create, type TreeReplica } from '../../test/simulation/replica-fixture.js'
import { treeRules } from '../../test/simulation/tree-rules.js'
import { openJournalFolder } from '../journal/journal-folder.js'
import { tryLock } from '../native/flock.js'
import { openLmdbStore } from '../store/lmdb/lmdb-store.js'
import type { Store } from '../store/store.js'
import { openReplica } from './open-replica.js'

/** Behind the last commit of the holder, so that nothing of it is under way any more. */
const idleMs = 300

interface Given {
  readonly directory: string
  readonly identity: EmptyVolume
}

/** Nobody here polls by himself for as long as the test takes. */
function open({ directory, identity }: Given, store: Store): Promise<TreeReplica> {
  const journals = openJournalFolder({
    directory: join(directory, 'journals'),
    volume: identity.volume,
    tryLock: (fd) => tryLock(fd, 'exclusive'),
    warn: (message) => assert.fail(message),
  })
  const processId = randomUUID()
  const entryTtlMs = 3_600_000
  return openReplica({ store, ...identity, rules: treeRules, processId, entryTtlMs, journals })
}

async function hold(given: Given): Promise<void> {
  const store = await openLmdbStore(given)
  const replica = await open(given, store)
  for (let count = 0; replica.status().early.lease !== 'held'; count++)
    await create(replica, `of the holder ${count}`)
  await replica.settled()
  await sleep(idleMs)
  const { polls } = replica.status()
  process.send?.('held')
  await once(process, 'message')
  const { early, polls: after } = replica.status()
  process.send?.({ looks: after - polls, ...early })
  await replica.close(5000)
  await store.close()
  process.disconnect()
}

async function startHolder(given: Given): Promise<ChildProcess> {
  const env = { ...process.env, CASSFS_TEST_HOLDER: JSON.stringify(given) }
  const holder = fork(fileURLToPath(import.meta.url), [], { env, execArgv: [] })
  await once(holder, 'message')
  return holder
}

const given = process.env.CASSFS_TEST_HOLDER
if (given) await hold(JSON.parse(given))
else
  test('an idle holder in another process gives the lease back without a poll of its own', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'cassfs-hand-over-'))
    mkdirSync(join(directory, 'journals'))
    const store = await openLmdbStore({ directory })
    try {
      const identity = await createEmptyVolume(store)
      const replica = await open({ directory, identity }, store)
      await create(replica, 'first')
      const holder = await startHolder({ directory, identity })
      await replica.ready()
      assert.equal(replica.status().early.lease, 'foreign')
      const { polls } = replica.status()
      await create(replica, 'of the other')
      // One every 100 ms while it waits, and one for the hint; the holder would give it back in 5 s.
      const looks = replica.status().polls - polls
      assert.ok(looks <= 10, `it looked ${looks} times before the lease came`)
      const told = once(holder, 'message')
      holder.send('done')
      const [said] = await told
      assert.equal(said.recalls, 1)
      assert.equal(said.releases, 1)
      assert.ok(said.looks <= 3, `the holder looked ${said.looks} times`)
      assert.equal(replica.status().early.takes, 0)
      await once(holder, 'exit')
      await replica.close(5000)
    } finally {
      await store.close()
      rmSync(directory, { recursive: true })
    }
  })
