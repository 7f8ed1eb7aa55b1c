// A process that stands still within a transaction keeps the lock of the embedded store: the others wait for
// it, and go on when it does. That process is this file run once more.

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createEmptyVolume } from '../../test/simulation/empty-volume.js'
import { create } from '../../test/simulation/replica-fixture.js'
import { treeRules } from '../../test/simulation/tree-rules.js'
import { waitFor } from '../../test/support/process.js'
import { openEnvironment } from '../store/lmdb/environment.js'
import { openLmdbStore } from '../store/lmdb/lmdb-store.js'
import { openReplica } from './open-replica.js'

/** Longer than a call of the store may take here, shorter than two of them, and than the deadline. */
const limits = { storeTimeoutMs: 2000, deadlineMs: 30_000 }
const stopMs = 3000

async function stopWithinTransaction(directory: string): Promise<void> {
  const environment = await openEnvironment(directory, 60_000)
  await environment.write(() => void process.kill(process.pid, 'SIGSTOP'))
  await environment.close()
}

async function startStopped(directory: string): Promise<ChildProcess> {
  const env = { ...process.env, CASSFS_TEST_STOPS: directory }
  const child = fork(fileURLToPath(import.meta.url), [], { env, execArgv: [], stdio: 'inherit' })
  const isStopped = () => / T /.test(readFileSync(`/proc/${child.pid}/stat`, 'latin1'))
  await waitFor('it to stop', isStopped)
  return child
}

const given = process.env.CASSFS_TEST_STOPS
if (given) await stopWithinTransaction(given)
else
  test('changes wait for a process that stands still within a transaction', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'cassfs-stopped-'))
    const store = await openLmdbStore({ directory })
    const identity = await createEmptyVolume(store)
    const common = { store, ...identity, rules: treeRules, limits }
    const one = await openReplica({ ...common, processId: randomUUID() })
    // Has to lease inode numbers first.
    const other = await openReplica({ ...common, processId: randomUUID() })
    await create(one, 'before')
    const child = await startStopped(directory)
    const ended = once(child, 'exit')
    try {
      const changes = [create(one, 'a'), create(other, 'b')]
      setTimeout(() => child.kill('SIGCONT'), stopMs)
      await Promise.all(changes)
      await one.poll()
      for (const name of ['before', 'a', 'b']) assert.ok(one.lookup(1, name), name)
      assert.ok(one.status().unknownOutcomes > 0, 'nobody had to wait')
      await ended
      for (const replica of [one, other]) await replica.close(5000)
      await store.close()
    } finally {
      child.kill('SIGKILL')
      rmSync(directory, { recursive: true })
    }
  })
