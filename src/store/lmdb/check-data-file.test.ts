import assert from 'node:assert/strict'
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { commitOf, dirent, newVolume } from '../../../test/store-contract/fixtures.js'
import { newestMeta } from '../../tables/data-file.js'
import { StoreDamaged, StoreUnavailable, StoreUnusable } from '../store.js'
import { checkDataFile, checkKind } from './check-data-file.js'
import { openLmdbStore } from './lmdb-store.js'
import { OpeningLock } from './opening-lock.js'

const folder = mkdtempSync(join(tmpdir(), 'cassfs-check-data-'))
const sound = join(folder, 'sound')
let directory = ''
let file = ''
let count = 0

before(async () => {
  const store = await openLmdbStore({ directory: sound })
  const at = await newVolume(store, [dirent(1, 'a', 2)])
  await store.commit(commitOf(at, { puts: [dirent(1, 'b', 3)] }))
  await store.close()
})
beforeEach(() => {
  directory = join(folder, String(count++))
  cpSync(sound, directory, { recursive: true })
  file = join(directory, 'data.mdb')
})
after(() => rmSync(folder, { recursive: true }))

/** The file says that it has one page more than are there, which is not in use. */
function claimPage(): void {
  const meta = newestMeta(file)
  assert.ok(meta)
  truncateSync(file, (meta.lastPage + 1) * meta.pageBytes)
  const bytes = readFileSync(file)
  const fd = openSync(file, 'r+')
  for (const start of [0, 4096]) {
    const at = bytes.indexOf(Buffer.from('dec0efbe', 'hex'), start) + 120
    const last = bytes.readBigUInt64LE(at)
    if (Number(last) !== meta.lastPage) continue
    const more = Buffer.alloc(8)
    more.writeBigUInt64LE(last + 1n)
    writeSync(fd, more, 0, 8, at)
  }
  closeSync(fd)
}

/** Settles when it is known, or after a while as undefined. */
const soon = <T>(promise: Promise<T>) =>
  Promise.race([promise.catch((error: unknown) => error), sleep(700, undefined)])

test('a file that lacks a page which nothing uses is opened, whatever this process was started with', async (t) => {
  claimPage()
  const args = process.execArgv
  t.after(() => {
    process.execArgv = args
  })
  process.execArgv = ['--no-such-option']
  await checkDataFile(directory)
  const store = await openLmdbStore({ directory })
  await store.close()
})

test('one that lacks more is damaged', async () => {
  truncateSync(file, 3 * 4096)
  await assert.rejects(checkDataFile(directory), StoreDamaged)
})

test('where it cannot be found out in time, it is not called damaged', async () => {
  claimPage()
  await assert.rejects(
    checkDataFile(directory, 1),
    (error) => error instanceof StoreUnavailable && /no answer in 1 ms/.test(error.message),
  )
})

test('a file cut short is looked at when no other process writes, which might be what it lacks', async () => {
  const whole = readFileSync(file)
  truncateSync(file, 3 * 4096)
  const writer = new OpeningLock(directory, 5000)
  let end = () => {}
  const written = writer.write(() => new Promise<void>((resolve) => (end = resolve)))
  const opened = openLmdbStore({ directory })
  try {
    assert.equal(await soon(opened), undefined)
    const fd = openSync(file, 'r+')
    writeSync(fd, whole)
    closeSync(fd)
  } finally {
    end()
    await written
    writer.close()
  }
  await (await opened).close()
})

test('a store that another process is just making is no damaged one', async () => {
  renameSync(file, `${file}.kept`)
  const maker = new OpeningLock(directory, 5000)
  let opened: ReturnType<typeof openLmdbStore> | undefined
  await maker.whileAlone(async () => {
    opened = openLmdbStore({ directory })
    assert.equal(await soon(opened), undefined)
    renameSync(`${file}.kept`, file)
  })
  maker.close()
  await (await opened)?.close()
})

test('a lock file that is something else is told; one that this user may not open is no damage', async (t) => {
  const lock = join(directory, 'lock.mdb')
  rmSync(lock)
  mkdirSync(lock)
  assert.throws(() => checkKind(directory), StoreDamaged)
  rmSync(lock, { recursive: true })
  symlinkSync('lock.mdb', lock)
  assert.throws(() => checkKind(directory), StoreDamaged)
  if (process.getuid?.() !== 0) return t.diagnostic('not root: without the file of another user')
  cpSync(join(sound, 'lock.mdb'), lock, { force: true })
  for (const path of [folder, directory, file]) chmodSync(path, 0o777)
  for (const name of ['opening', 'writing']) chmodSync(join(directory, name), 0o666)
  chmodSync(lock, 0o600)
  assert.equal(statSync(lock).uid, 0)
  process.seteuid?.(65534)
  try {
    assert.throws(() => checkKind(directory), { code: 'EACCES' })
    const isOther = (error: unknown) =>
      error instanceof StoreUnusable && !(error instanceof StoreDamaged)
    await assert.rejects(openLmdbStore({ directory }), isOther)
  } finally {
    process.seteuid?.(0)
  }
})
