import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { apply, newBlock, newVolume } from '../../../test/store-contract/fixtures.js'
import { newUuid } from '../../volume/uuid.js'
import { openEnvironment } from './environment.js'
import { openLmdbStore } from './lmdb-store.js'

const directories: string[] = []
after(() => {
  for (const directory of directories) rmSync(directory, { recursive: true })
})

/** A store with so many blocks that nobody needs any more, but those that are pinned. */
async function scene(count: number, pinned: number) {
  const directory = mkdtempSync(join(tmpdir(), 'cassfs-sweeper-'))
  directories.push(directory)
  let nowMs = 1e12
  const store = await openLmdbStore({ directory, nowMs: () => nowMs })
  let at = await newVolume(store, [])
  const blocks = Array.from({ length: count + pinned }, () => newBlock())
  await store.putBlocks(at.owner, blocks)
  const hashes = blocks.map(({ hash }) => hash)
  const pins = hashes.slice(count)
  at = await apply(store, at, { begins: hashes })
  at = await apply(store, at, { ceases: hashes.slice(0, count) })
  if (pinned > 0) {
    at = await apply(store, at, { ceases: pins })
    const value = JSON.stringify({ seq: 1e9, pins })
    await store.acquireLease({ key: `session/${at.volume}/x`, holder: newUuid(), value }, 1e9)
  } else nowMs += 10_000_000
  return { directory, store, at }
}

for (const whose of ['its own store', 'another one'] as const)
  test(`a sweep gives way to whoever writes, to ${whose}`, async () => {
    const { directory, store, at } = await scene(2000, 0)
    const other = await openLmdbStore({ directory, nowMs: () => 1e12 })
    const writer = whose === 'another one' ? other : store
    const begunMs = performance.now()
    let isSwept = false
    const swept = store.sweep().finally(() => {
      isSwept = true
    })
    let [last, commits] = [at, 0]
    for (; !isSwept; commits++) last = await apply(writer, last)
    assert.equal(await swept, 2000)
    const tookMs = performance.now() - begunMs
    // A trail of each block, 200 a transaction, 50 ms between two of these.
    assert.ok(commits > 9 && tookMs > 400, `${commits} commits in ${tookMs} ms`)
    await store.close()
    await other.close()
  })

test('a sweep ends when it finds nothing but pinned blocks behind what is due', async () => {
  const { directory, store } = await scene(1, 20_050)
  const environment = await openEnvironment(directory, 10_000)
  const before = environment.activity()
  await store.sweep()
  const writes = environment.activity().writes - before.writes
  assert.ok(writes <= 2, `${writes} writes`)
  await environment.close()
  await store.close()
})

test('a store that is closed while its sweep gives way does not wait for it', async () => {
  const { store, at } = await scene(1000, 0)
  const swept = store.sweep()
  await apply(store, at)
  await store.close()
  assert.ok((await swept) < 1000)
})
