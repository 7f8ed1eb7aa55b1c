import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { commitOf, dirent, newVolume } from '../../../test/store-contract/fixtures.js'
import { StoreUnavailable } from '../store.js'
import { openLmdbStore } from './lmdb-store.js'
import { OpeningLock } from './opening-lock.js'

const folder = mkdtempSync(join(tmpdir(), 'cassfs-opening-'))
after(() => rmSync(folder, { recursive: true }))

/** Two of one process stand for two processes: flock(2) asks for the open file. */
function two(timeoutMs = 5000): [OpeningLock, OpeningLock] {
  return [new OpeningLock(folder, timeoutMs), new OpeningLock(folder, timeoutMs)]
}

test('who opens waits for those who write, and those who come later wait for him', async () => {
  const [writer, opener] = two()
  const order: string[] = []
  let end = () => {}
  const first = writer.write(() => new Promise<void>((resolve) => (end = resolve)))
  const opened = opener.whileAlone(() => order.push('opened'))
  await sleep(20)
  const second = writer.write(async () => order.push('second write'))
  await sleep(20)
  assert.deepEqual(order, [])
  end()
  await Promise.all([first, opened, second])
  assert.deepEqual(order, ['opened', 'second write'])
  for (const lock of [writer, opener]) lock.close()
})

test('a process that always has a write on its way does not keep others out', async () => {
  const [writer, opener] = two()
  let isOver = false
  const busy = [0, 1, 2].map(async (at) => {
    await sleep(at)
    while (!isOver) await writer.write(() => sleep(3))
  })
  for (let count = 0; count < 10; count++) await opener.whileAlone(() => count)
  isOver = true
  await Promise.all(busy)
  for (const lock of [writer, opener]) lock.close()
})

test('writes begin at once where nobody opens, whatever comes of them', async () => {
  const [writer, opener] = two()
  let isBegun = false
  const failed = writer.write(async () => {
    isBegun = true
    throw new Error('refused')
  })
  assert.equal(isBegun, true)
  await assert.rejects(failed, /refused/)
  const thrown = () => {
    throw new Error('at once')
  }
  assert.throws(() => void writer.write(thrown), /at once/)
  assert.equal(await opener.whileAlone(() => 'alone'), 'alone')
  await assert.rejects(opener.whileAlone(thrown), /at once/)
  assert.equal(await writer.write(async () => 'written'), 'written')
  for (const lock of [writer, opener]) lock.close()
})

test('who waits for too long is told so, and keeps nobody out', async () => {
  const [writer, opener] = two(50)
  let end = () => {}
  const first = writer.write(() => new Promise<void>((resolve) => (end = resolve)))
  await assert.rejects(
    opener.whileAlone(() => {}),
    StoreUnavailable,
  )
  assert.equal(await writer.write(async () => 'beside'), 'beside')
  end()
  await first
  await opener.whileAlone(() => {})
  for (const lock of [writer, opener]) lock.close()
})

/** Opens and closes a store again and again until it is ended, and tells how often. */
const openings = `
  const [url, directory] = process.argv.slice(1)
  const { openLmdbStore } = await import(url)
  let count = 0
  let isOver = false
  process.once('SIGTERM', () => { isOver = true })
  while (!isOver) {
    const store = await openLmdbStore({ directory })
    await store.close()
    count++
    await new Promise(setImmediate)
  }
  console.log(count)`

test('what was committed stays, however often another process opens the store meanwhile', async (t) => {
  const directory = join(folder, 'store')
  const store = await openLmdbStore({ directory })
  let at = await newVolume(store, [dirent(1, 'a', 2)])
  const url = new URL('./lmdb-store.js', import.meta.url).href
  const args = ['--input-type=module', '-e', openings, url, directory]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const output = text(child.stdout)
  const endMs = Date.now() + 4000
  let commits = 0
  for (; Date.now() < endMs; commits++) {
    const change = commitOf(at, { puts: [dirent(1, `f${commits % 50}`, 10 + (commits % 50))] })
    const { kind } = await store.commit(change)
    assert.equal(kind, 'applied', `commit ${commits}`)
    at = { ...at, head: change.entry.head }
  }
  child.kill('SIGTERM')
  const opened = Number(await output)
  t.diagnostic(`${commits} commits, ${opened} times opened`)
  assert.ok(commits > 50 && opened > 50, `${commits} commits, ${opened} times opened`)
  assert.equal((await store.readHead(at.volume))?.seq, at.head.seq)
  await store.close()
})
