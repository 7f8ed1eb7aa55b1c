import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { open } from 'lmdb'
import {
  apply,
  commitOf,
  dirent,
  newBlock,
  newHead,
  newVolume,
  present,
  scanAll,
} from '../../../test/store-contract/fixtures.js'
import { VolumeState } from '../../volume/head.js'
import { EntryKind } from '../../volume/log-entry.js'
import { newUuid } from '../../volume/uuid.js'
import { openLmdbStore } from './lmdb-store.js'

let scratch = ''
let count = 0
const newDirectory = () => join(scratch, String(count++))

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'cassfs-lmdb-'))
})
after(() => rm(scratch, { recursive: true }))

async function writeFormat(directory: string, row: string | undefined): Promise<void> {
  await mkdir(directory)
  const root = open({ path: directory, noSubdir: false, encoding: 'binary', keyEncoding: 'binary' })
  const name = row === undefined ? 'other' : 'meta'
  const meta = root.openDB({ name, encoding: 'binary', keyEncoding: 'binary' })
  if (row !== undefined) await meta.put(Buffer.from('format'), Buffer.from(row))
  await root.close()
}

test('refuses what a newer CassFS wrote, what is damaged, and what is not CassFS', async () => {
  const cases: [string | undefined, RegExp][] = [
    ['{"format":2}', /written by a newer CassFS \(format 2; this one knows 1\)/],
    ['{"format":', /damaged/],
    [undefined, /not one of CassFS/],
  ]
  for (const [row, message] of cases) {
    const directory = newDirectory()
    await writeFormat(directory, row)
    await assert.rejects(openLmdbStore({ directory }), { name: 'StoreUnusable', message })
  }
  const directory = newDirectory()
  await mkdir(directory)
  await writeFile(join(directory, 'data.mdb'), Buffer.alloc(10_000, 'x'))
  await assert.rejects(openLmdbStore({ directory }), { name: 'StoreUnusable' })
})

test('is opened again as it was, also in a folder whose name has a dot', async () => {
  const directory = join(newDirectory(), 'deep.er')
  const first = await openLmdbStore({ directory })
  const at = await newVolume(first, [dirent(1, 'a', 2)])
  await first.close()
  const second = await openLmdbStore({ directory })
  assert.deepEqual(await second.readHead(at.volume), at.head)
  await second.close()
})

test('two stores of one process share the environment; a closed one says so', async () => {
  const directory = newDirectory()
  const [one, two] = [await openLmdbStore({ directory }), await openLmdbStore({ directory })]
  const at = await newVolume(one, [])
  const next = await apply(two, at, { puts: [dirent(1, 'a', 2)] })
  await one.close()
  await assert.rejects(one.readHead(at.volume), { name: 'StoreUnavailable' })
  assert.equal((await one.commit(commitOf(next))).kind, 'unknown')
  assert.deepEqual(await two.readHead(at.volume), next.head)
  await two.close()
  await assert.rejects(two.readHead(at.volume), { name: 'StoreUnavailable' })
})

test('the head is decoded once for as long as it stays', async () => {
  const store = await openLmdbStore({ directory: newDirectory() })
  const at = await newVolume(store, [])
  const tables = store.tables(at.volume)
  const head = tables.head()
  tables.refresh?.()
  assert.equal(tables.head(), head)
  await apply(store, at)
  tables.refresh?.()
  assert.notEqual(tables.head(), head)
  await store.close()
})

test('a transaction that throws takes nothing of its neighbours along', async () => {
  const store = await openLmdbStore({ directory: newDirectory() })
  const [one, two] = [await newVolume(store, []), await newVolume(store, [])]
  const broken = commitOf(one, { puts: [dirent(1, 'a', 2)], ceases: [newBlock().hash] })
  const good = commitOf(two, { puts: [dirent(1, 'a', 2)] })
  const [failed, done] = await Promise.allSettled([store.commit(broken), store.commit(good)])
  assert.equal(failed.status, 'rejected')
  assert.deepEqual(done, { status: 'fulfilled', value: { kind: 'applied' } })
  assert.deepEqual(await store.readHead(one.volume), one.head)
  assert.deepEqual(await scanAll(store, one.volume), [])
  await store.close()
})

test('a first load that was given up is cleared an hour later, with its blocks', async () => {
  let nowMs = Date.now()
  const store = await openLmdbStore({ directory: newDirectory(), nowMs: () => nowMs })
  const [volume, owner, block] = [newUuid(), newUuid(), newBlock()]
  await store.putBlocks(owner, [block])
  function* torn() {
    yield [dirent(1, 'a', 2, block.hash)]
    throw new Error('the source failed')
  }
  await assert.rejects(store.firstLoad(volume, owner, torn(), newHead()), /the source failed/)
  nowMs += 3_000_000
  await store.sweep()
  assert.equal((await scanAll(store, volume)).length, 1)
  assert.deepEqual(await present(store, owner, [block.hash]), [true])
  nowMs += 3_000_000
  await store.sweep()
  await store.sweep()
  assert.deepEqual(await scanAll(store, volume), [])
  assert.equal(store.tables(volume).count(), 0)
  assert.deepEqual(await present(store, owner, [block.hash]), [false])
  await store.close()
})

test('the log of a deleted volume is cleared, its head stays', async () => {
  let nowMs = Date.now()
  const store = await openLmdbStore({ directory: newDirectory(), nowMs: () => nowMs })
  let at = await newVolume(store, [])
  for (let i = 0; i < 5; i++) at = await apply(store, at)
  at = await apply(store, at, { kind: EntryKind.frozen, state: VolumeState.deleting })
  nowMs += 4_000_000
  await store.sweep()
  assert.deepEqual(await store.readLog(at.volume, 0, 10), [])
  assert.equal((await store.readHead(at.volume))?.state, VolumeState.deleting)
  await store.close()
})

test('a log that outgrows its bound forgets its oldest entries', async () => {
  const store = await openLmdbStore({ directory: newDirectory() })
  let at = await newVolume(store, [])
  const value = Buffer.alloc(1_000_000, 5)
  const record = { kind: 3, parent: 0, name: 'large', value } as const
  for (let i = 0; i < 80; i++) at = await apply(store, at, { puts: [record] })
  const log = await store.readLog(at.volume, 0, 1000)
  assert.ok(log.length >= 64 && log.length < 70, `${log.length} entries`)
  assert.equal(log.at(-1)?.seq, 80)
  await store.close()
})

const holder = `
  const [, , module, directory, key] = process.argv
  const { openLmdbStore } = await import(module)
  const store = await openLmdbStore({ directory })
  const value = JSON.stringify({ seq: 0, pins: [] })
  await store.acquireLease({ key, holder: key.split('/')[2], value }, 1)
  process.send('held')
  process.on('message', () => process.exit())
`

test('a session counts while its process lives, however long it has been silent', async () => {
  const directory = newDirectory()
  let nowMs = Date.now()
  const store = await openLmdbStore({ directory, nowMs: () => nowMs })
  const block = newBlock()
  let at = await newVolume(store, [])
  await store.putBlocks(at.owner, [block])
  at = await apply(store, at, { begins: [block.hash] })
  const script = join(scratch, 'holder.mjs')
  await writeFile(script, holder)
  const module = fileURLToPath(new URL('./lmdb-store.js', import.meta.url))
  const child = fork(script, [module, directory, `session/${at.volume}/${newUuid()}`])
  await once(child, 'message')
  at = await apply(store, at, { ceases: [block.hash] })
  nowMs += 10_000_000
  await store.sweep()
  assert.deepEqual(await store.listLeases('session/'), [])
  assert.deepEqual(await present(store, at.owner, [block.hash]), [true])
  child.send('end')
  await once(child, 'exit')
  await store.sweep()
  assert.deepEqual(await present(store, at.owner, [block.hash]), [false])
  await store.close()
})

test('a block that was deleted and uploaded again lives as long as any upload', async () => {
  let nowMs = 1e12
  const store = await openLmdbStore({ directory: newDirectory(), nowMs: () => nowMs })
  const owner = newUuid()
  const block = newBlock()
  await store.putBlocks(owner, [block])
  nowMs += 1000
  await store.deleteBlocks(owner, [block.hash], nowMs)
  assert.deepEqual(await present(store, owner, [block.hash]), [false])
  nowMs += 120_000
  await store.putBlocks(owner, [block])
  nowMs += 3_540_000
  await store.sweep()
  assert.deepEqual(await present(store, owner, [block.hash]), [true])
  nowMs += 61_000
  await store.sweep()
  assert.deepEqual(await present(store, owner, [block.hash]), [false])
  await store.close()
})
