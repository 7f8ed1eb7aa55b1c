// Two processes on one embedded store: each reads the same tables, and learns from the log what the
// other did. The second process is this file run once more.

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createEmptyVolume, type EmptyVolume } from '../../test/simulation/empty-volume.js'
import { change, create, type TreeReplica } from '../../test/simulation/replica-fixture.js'
import { textOf, treeRules } from '../../test/simulation/tree-rules.js'
import { openLmdbStore } from '../store/lmdb/lmdb-store.js'
import { openReplica } from './open-replica.js'
import type { ForeignChange } from './replica.js'

const appends = 50

/** Both processes do the same: their own file, and appends to one that both know. */
async function work(replica: TreeReplica, name: string, shared: number): Promise<void> {
  for (let count = 0; count < appends; count++) {
    await replica.ready()
    await change(replica, { op: 'append', ino: shared, text: `${name}${count};` })
    await create(replica, `${name}${count}`)
  }
}

async function child(directory: string, identity: EmptyVolume): Promise<void> {
  const store = await openLmdbStore({ directory })
  const options = { store, ...identity, rules: treeRules, processId: randomUUID() }
  const replica = await openReplica(options)
  process.send?.('ready')
  await once(process, 'message')
  await work(replica, 'child', replica.lookup(1, 'shared')?.ino ?? 0)
  await replica.close(5000)
  await store.close()
  process.send?.('done')
  process.disconnect()
}

async function start(directory: string, identity: EmptyVolume): Promise<ChildProcess> {
  const self = fileURLToPath(import.meta.url)
  const env = { ...process.env, CASSFS_TEST_CHILD: JSON.stringify({ directory, identity }) }
  const started = fork(self, [], { env, execArgv: [] })
  await once(started, 'message')
  return started
}

const given = process.env.CASSFS_TEST_CHILD
if (given) {
  const { directory, identity } = JSON.parse(given)
  await child(directory, identity)
} else
  test('two processes on one embedded store do everything once, and see it all', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'cassfs-replica-'))
    const store = await openLmdbStore({ directory })
    try {
      const identity = await createEmptyVolume(store)
      const options = { store, ...identity, rules: treeRules, processId: randomUUID() }
      const replica = await openReplica(options)
      const shared = await create(replica, 'shared')
      const told = new Set<string>()
      replica.onForeignChange((one: ForeignChange) => {
        for (const { name } of one.names) told.add(name)
      })
      const other = await start(directory, identity)
      const done = once(other, 'message')
      other.send('go')
      await Promise.all([work(replica, 'parent', shared), done])
      await replica.poll()
      for (let count = 0; count < appends; count++) {
        assert.ok(replica.lookup(1, `child${count}`))
        assert.ok(replica.lookup(1, `parent${count}`))
        assert.ok(told.has(`child${count}`), `nobody told of child${count}`)
        assert.ok(!told.has(`parent${count}`), `told of our own parent${count}`)
      }
      const inode = replica.inode(shared)
      const texts = inode ? textOf(inode).split(';').slice(0, -1) : []
      assert.equal(new Set(texts).size, 2 * appends)
      assert.equal(texts.length, 2 * appends)
      assert.equal(replica.head.usedInodes, 2 + 2 * appends)
      await replica.close(5000)
    } finally {
      await store.close()
      rmSync(directory, { recursive: true })
    }
  })
