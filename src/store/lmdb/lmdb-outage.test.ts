// The embedded store where the disk, or another process, does not play along.

import assert from 'node:assert/strict'
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import {
  apply,
  commitOf,
  dirent,
  newBlock,
  newVolume,
  present,
  scanAll,
  settle,
} from '../../../test/store-contract/fixtures.js'
import { EntryKind } from '../../volume/log-entry.js'
import { DiskReserve, reserveBytes } from './disk-reserve.js'
import { openLmdbStore } from './lmdb-store.js'
import { withTimeLimit } from './time-limit.js'

let scratch = ''
let count = 0
const newDirectory = () => join(scratch, String(count++))

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'cassfs-lmdb-'))
})
after(() => rm(scratch, { recursive: true }))

/** Undefined where the test is skipped. */
async function mountSmallDisk(t: TestContext): Promise<string | undefined> {
  const directory = newDirectory()
  await mkdir(directory)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', directory], { stdio: 'pipe' })
  } catch (error) {
    t.skip(`a small disk cannot be mounted here: ${(error as Error).message}`)
    return undefined
  }
  t.after(() => execFileSync('umount', ['-l', directory]))
  return directory
}

test('a full disk is ENOSPC, loses nothing, and lets things be removed', async (t) => {
  const directory = await mountSmallDisk(t)
  if (!directory) return
  let nowMs = Date.now()
  const store = await openLmdbStore({ directory, nowMs: () => nowMs })
  let at = await newVolume(store, [])
  const named: string[] = []
  const fill = async (size: number) => {
    for (;;) {
      const block = newBlock(size)
      await store.putBlocks(at.owner, [block])
      const puts = [dirent(1, block.hash, named.length + 2, block.hash)]
      at = await apply(store, at, { puts, begins: [block.hash] })
      named.push(block.hash)
    }
  }
  for (const size of [500_000, 4000, 100]) await assert.rejects(fill(size), { code: 'ENOSPC' })
  assert.deepEqual(await store.readHead(at.volume), at.head)
  assert.equal((await scanAll(store, at.volume)).length, named.length)
  for (const hash of named.splice(0, 10)) {
    const deletes = [{ kind: 1, parent: 1, name: hash } as const]
    at = await apply(store, at, { deletes, ceases: [hash] })
  }
  nowMs += 4_000_000
  await store.sweep()
  assert.ok((await present(store, at.owner, named)).every(Boolean))
  const block = newBlock(500_000)
  await store.putBlocks(at.owner, [block])
  const commit = commitOf(at, { puts: [dirent(1, 'again', 9, block.hash)], begins: [block.hash] })
  assert.deepEqual(await settle(store, commit), { kind: 'applied' })
  await store.close()
})

test('a void finds room on a full disk', async (t) => {
  const directory = await mountSmallDisk(t)
  if (!directory) return
  const store = await openLmdbStore({ directory })
  let at = await newVolume(store, [])
  let names = 0
  const fill = async (size: number) => {
    for (;;) {
      const puts = Array.from({ length: size }, () => dirent(1, `n${++names}`, names + 1))
      at = await apply(store, at, { puts })
    }
  }
  for (const size of [5000, 100, 1]) await assert.rejects(fill(size), { code: 'ENOSPC' })
  const fillLog = async () => {
    for (let entries = 0; entries < 5000; entries++) at = await apply(store, at)
  }
  await assert.rejects(fillLog(), { code: 'ENOSPC' })
  const voiding = commitOf(at, { kind: EntryKind.void })
  assert.deepEqual(await settle(store, voiding), { kind: 'applied' })
  await store.close()
})

test('the reserve is set aside at once, given up once, and taken back later', async () => {
  const directory = newDirectory()
  await mkdir(directory)
  const reserve = new DiskReserve(directory)
  assert.equal(reserve.release(), false)
  reserve.restore()
  assert.equal((await stat(join(directory, 'reserve'))).size, reserveBytes)
  assert.equal(reserve.release(), true)
  assert.equal(reserve.release(), false)
  reserve.restore()
  assert.equal(reserve.isThere(), false, 'not before ten seconds have passed')
  new DiskReserve(directory).restore()
  assert.equal(reserve.isThere(), true)
})

test('what the disk does not answer in time is unknown', async () => {
  const never = new Promise<never>(() => {})
  await assert.rejects(withTimeLimit(never, 5, 'committing'), {
    name: 'StoreUnavailable',
    message: 'committing: no answer from the disk in 5 ms',
  })
  assert.equal(await withTimeLimit(Promise.resolve(7), 1000, 'committing'), 7)
})

const holder = `
  const { open } = await import(process.argv[2])
  const root = open({ path: process.argv[3], noSubdir: false, mapSize: 2 ** 36, maxDbs: 16 })
  root.transactionSync(() => {
    process.send('holding')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })
`

test('while another process hangs in a transaction reads go on and commits are unknown', async (t) => {
  const directory = newDirectory()
  const store = await openLmdbStore({ directory, syncTimeoutMs: 300 })
  const at = await newVolume(store, [])
  const script = join(scratch, 'holder.mjs')
  await writeFile(script, holder)
  const child = fork(script, [import.meta.resolve('lmdb'), directory])
  t.after(() => child.kill('SIGKILL'))
  await once(child, 'message')
  const commit = commitOf(at, { puts: [dirent(1, 'a', 2)] })
  assert.equal((await store.commit(commit)).kind, 'unknown')
  await assert.rejects(store.putBlocks(at.owner, [newBlock()]), { name: 'StoreUnavailable' })
  assert.deepEqual(await store.readHead(at.volume), at.head)
  child.kill('SIGKILL')
  await once(child, 'exit')
  // It was in the queue all the time: what could not be told is told by its request id.
  const again = await settle(store, commit)
  if (again.kind === 'refused') assert.equal(again.head?.request, commit.entry.request)
  else assert.equal(again.kind, 'applied')
  assert.deepEqual(await store.readLog(at.volume, 0, 10), [commit.entry])
  await store.close()
})
