// What is kept aside on the disk of an embedded store, while others fill that disk.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, truncateSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  type At,
  commitOf,
  dirent,
  newBlock,
  newVolume,
  present,
  settle,
} from '../../../test/store-contract/fixtures.js'
import { takeRest } from '../../../test/support/full-disk.js'
import { answeredBytesMax, DiskReserve, reserveBytes } from './disk-reserve.js'
import { type LmdbStore, openLmdbStore } from './lmdb-store.js'

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'cassfs-reserve-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Undefined where the test is skipped. */
function smallDisk(t: TestContext, mebibytes: number): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'cassfs-reserve-'))
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory]
    execFileSync('mount', options, { stdio: 'pipe' })
  } catch (error) {
    t.skip(`a small disk cannot be mounted here: ${(error as Error).message}`)
    rmSync(directory, { recursive: true })
    return undefined
  }
  t.after(() => {
    execFileSync('umount', ['-l', directory])
    rmSync(directory, { recursive: true })
  })
  return directory
}

const kept = (directory: string) => statSync(join(directory, 'reserve')).size

test('more is kept as soon as somebody asks, and goes back when nobody has for a while', async (t) => {
  const directory = folder(t)
  const reserve = new DiskReserve(directory)
  reserve.restore()
  assert.equal(reserve.forAnswered(), 0)
  await reserve.grow()
  assert.equal(reserve.forAnswered(), answeredBytesMax)
  assert.equal(kept(directory), reserveBytes + answeredBytesMax)
  reserve.trim()
  assert.equal(reserve.forAnswered(), answeredBytesMax)
  const longAgo = new Date(Date.now() - 7_200_000)
  utimesSync(join(directory, 'reserve'), longAgo, longAgo)
  reserve.trim()
  assert.deepEqual([reserve.forAnswered(), kept(directory)], [0, reserveBytes])
})

test('it is given up a step at a time, what removing needs last', async (t) => {
  const directory = folder(t)
  const reserve = new DiskReserve(directory)
  reserve.restore()
  await reserve.grow()
  for (let bytes = kept(directory); bytes > reserveBytes; bytes = kept(directory)) {
    assert.equal(reserve.release(), true)
    assert.ok(kept(directory) < bytes && kept(directory) >= reserveBytes)
    assert.equal(reserve.forAnswered(), kept(directory) - reserveBytes)
  }
  assert.equal(reserve.release(), true)
  assert.equal(reserve.isThere(), false)
  assert.equal(reserve.forAnswered(), 0)
})

test('a process that is killed leaves what is there, and only that counts', async (t) => {
  const directory = folder(t)
  new DiskReserve(directory).restore()
  // Longer than what lies on the disk.
  truncateSync(join(directory, 'reserve'), 20 * 2 ** 20)
  const next = new DiskReserve(directory)
  assert.equal(next.isThere(), true)
  assert.ok(next.forAnswered() < 2 ** 20)
  await next.grow()
})

test('little of a small disk is kept, and nothing of a full one', async (t) => {
  const directory = smallDisk(t, 32)
  if (!directory) return
  const reserve = new DiskReserve(directory)
  reserve.restore()
  await reserve.grow()
  assert.ok(reserve.forAnswered() > 0 && reserve.forAnswered() <= 4 * 2 ** 20)
  reserve.release()
  takeRest(directory)
  const left = reserve.forAnswered()
  await reserve.grow()
  assert.equal(reserve.forAnswered(), left)
})

/** Many small blocks and names, so that each new one changes pages of its own. */
async function fillTree(store: LmdbStore, start: At): Promise<At> {
  let at = start
  for (let round = 0; round < 10; round++) at = await answer(store, at, 300, 300)
  return at
}

/** As changes that were answered are stored: blocks in groups, then an entry that names them. */
async function answer(store: LmdbStore, at: At, count: number, bytes: number): Promise<At> {
  const blocks = Array.from({ length: count }, () => newBlock(bytes))
  for (let i = 0; i < count; i += 64)
    await store.putBlocks(at.owner, blocks.slice(i, i + 64), { isAnswered: true })
  const begins = blocks.map(({ hash }) => hash)
  const puts = begins.map((hash) => dirent(1, hash, ++inos, hash))
  const commit = { ...commitOf(at, { puts, begins }), isAnswered: true }
  assert.deepEqual(await settle(store, commit), { kind: 'applied' })
  assert.ok((await present(store, at.owner, begins)).every(Boolean))
  return { ...at, head: commit.entry.head }
}
let inos = 1

for (const bytes of [600, 20_000, 250_000])
  test(`blocks of ${bytes} bytes that were answered are stored on a disk that others filled`, async (t) => {
    const directory = smallDisk(t, 300)
    if (!directory) return
    const store = await openLmdbStore({ directory })
    const at = await fillTree(store, await newVolume(store, []))
    store.keptForAnswered()
    for (let i = 0; i < 500 && store.keptForAnswered() < answeredBytesMax; i++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    assert.equal(store.keptForAnswered(), answeredBytesMax)
    takeRest(directory)
    await assert.rejects(store.putBlocks(at.owner, [newBlock(2_000_000)]), { code: 'ENOSPC' })
    const before = kept(directory)
    // As many as are answered early at most: see EarlyAnswers.
    const count = Math.floor(answeredBytesMax / (bytes + 100 + 16 * 1024))
    let next = at
    for (let left = count; left > 0; left -= 500)
      next = await answer(store, next, Math.min(left, 500), bytes)
    t.diagnostic(`${count} blocks took ${before - kept(directory)} of ${before} bytes`)
    assert.ok(kept(directory) >= reserveBytes)
    const key = {
      kind: 1,
      parent: 1,
      name: (await store.scan(at.volume, undefined, 1)).records[0]?.name ?? '',
    } as const
    const removing = commitOf(next, { deletes: [key] })
    assert.deepEqual(await settle(store, removing), { kind: 'applied' })
    await store.close()
  })

test('large blocks are refused on a disk that others filled, and taken where others were removed', async (t) => {
  const directory = smallDisk(t, 64)
  if (!directory) return
  const store = await openLmdbStore({ directory })
  const at = await newVolume(store, [])
  const stored: string[] = []
  /** As the blocks of a large file are put, until nothing is taken any more; answers how many were. */
  const fill = async (refusals: number) => {
    const before = stored.length
    for (let left = refusals; left > 0; ) {
      const blocks = Array.from({ length: 8 }, () => newBlock(250_000))
      const error = await store.putBlocks(at.owner, blocks).catch((error) => error)
      if (!error) stored.push(...blocks.map(({ hash }) => hash))
      else assert.equal(error.code, 'ENOSPC', error)
      if (error) left--
    }
    return stored.length - before
  }
  for (let i = 0; i < 40; i++) stored.push(...(await putOne(store, at)))
  takeRest(directory)
  assert.equal(await fill(20), 0)
  let again = 0
  for (let round = 0; round < 5; round++) {
    const gone = stored.splice(0, stored.length / 2)
    await store.deleteBlocks(at.owner, gone, Date.now() + 1000)
    const count = await fill(20)
    t.diagnostic(`${gone.length} blocks removed, ${count} stored in their place`)
    again += count
  }
  assert.ok(again > 0)
  assert.ok((await present(store, at.owner, stored)).every(Boolean))
  await store.close()
})

async function putOne(store: LmdbStore, at: At): Promise<string[]> {
  const block = newBlock(250_000)
  await store.putBlocks(at.owner, [block])
  return [block.hash]
}
