// A process that commits to an embedded store is killed at random moments: everything acknowledged is
// there afterwards, nothing half. CASSFS_CRASH_ROUNDS=300 for a long run by hand.

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type LmdbStore, openLmdbStore } from '../../src/store/lmdb/lmdb-store.js'
import { direntIno } from '../../src/volume/inode-codec.js'
import { recordHashes } from '../../src/volume/record-hashes.js'
import { newUuid } from '../../src/volume/uuid.js'
import { type At, apply, newVolume, present, scanAll } from './fixtures.js'

const rounds = Number(process.env.CASSFS_CRASH_ROUNDS ?? 20)
const writer = fileURLToPath(new URL('./crash-writer.js', import.meta.url))

/** Runs a writer and kills it at a random moment; answers the last seq it was told was committed. */
async function writeAndKill(directory: string, at: At): Promise<number> {
  const child = fork(writer, [directory, at.volume, at.owner])
  let acknowledged = 0
  child.on('message', (seq: number) => {
    acknowledged = seq
  })
  await once(child, 'message')
  await sleep(Math.random() * 150)
  child.kill('SIGKILL')
  const [code, signal] = await once(child, 'exit')
  assert.deepEqual([code, signal], [null, 'SIGKILL'])
  return acknowledged
}

async function verify(store: LmdbStore, at: At, acknowledged: number): Promise<number> {
  const head = await store.readHead(at.volume)
  assert.ok(head)
  assert.ok(
    head.seq >= acknowledged,
    `${acknowledged} was acknowledged, the head is at ${head.seq}`,
  )
  const log = await store.readLog(at.volume, 0, 1e6)
  assert.equal(log.length, head.seq)
  assert.equal(log.at(-1)?.request, head.request)
  const first = Math.max(1, head.seq - 19)
  const names = Array.from({ length: head.seq - first + 1 }, (_, i) =>
    String(first + i).padStart(9, '0'),
  )
  const records = await scanAll(store, at.volume)
  for (const parent of [1, 2, 3])
    assert.deepEqual(
      records.filter((record) => record.parent === parent && record.kind === 1).map((r) => r.name),
      names,
    )
  const tables = store.tables(at.volume)
  tables.refresh?.()
  assert.equal(tables.count(), records.length)
  for (const { parent, name, value } of records.filter((record) => record.parent < 3))
    assert.ok(tables.names(direntIno(value)).some((l) => l.parent === parent && l.name === name))
  const hashes = records.flatMap(recordHashes)
  assert.equal(hashes.length, names.length)
  assert.ok((await present(store, at.owner, hashes)).every(Boolean), 'a named block is missing')
  return head.seq
}

test(`what was acknowledged survives kill -9, ${rounds} times`, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cassfs-crash-'))
  let store = await openLmdbStore({ directory })
  try {
    const at = await newVolume(store, [])
    const neighbour = await newVolume(store, [], { owner: newUuid() })
    let neighbourAt = neighbour
    let seq = 0
    for (let round = 0; round < rounds; round++) {
      // In every other round this process has the store open too, and goes on after the kill: the
      // dead process may have held LMDB's lock.
      if (round % 2 === 0) await store.close()
      const acknowledged = await writeAndKill(directory, at)
      if (round % 2 === 0) store = await openLmdbStore({ directory })
      const after = await verify(store, at, acknowledged)
      assert.ok(after > seq, 'the writer wrote nothing')
      seq = after
      neighbourAt = await apply(store, neighbourAt)
    }
    assert.equal((await store.readHead(neighbour.volume))?.seq, rounds)
    t.diagnostic(`${seq} commits in ${rounds} rounds`)
  } finally {
    await store.close()
    await rm(directory, { recursive: true })
  }
})
