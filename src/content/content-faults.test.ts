// Stores that lose, damage, refuse, or are slow; and what many readers and writers at a time cost.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  all,
  block,
  cold,
  eio,
  fixture,
  hashesOf,
  memoryStorage,
  write,
} from '../../test/support/content-fixture.js'
import { SavedFile } from '../../test/support/saved-file.js'
import { FsError } from '../posix/errno.js'
import { StoreUnavailable } from '../store/store.js'
import type { Hash } from '../volume/inode.js'
import type { Stored } from './content.js'
import { createSpool } from './create-spool.js'

const storage = memoryStorage()

test('a damaged block is asked for again, and read if another copy is right', async () => {
  const before = fixture()
  const data = randomBytes(5000)
  await write(before.file, 0, data)
  const [hash] = hashesOf(before.file.committed.content)
  before.store.damaged.set(hash as Hash, 1)
  const file = cold(before)
  assert.ok((await file.bytes()).equals(data))
  assert.equal(file.content.status().corrupt, 1)
  assert.equal(before.store.gets, 2)
})

for (const synchronous of [false, true])
  test(`a block that stays damaged is EIO and never handed out; ${synchronous ? 'in this process' : 'elsewhere'}`, async () => {
    const before = fixture(synchronous)
    await write(before.file, 0, randomBytes(2 * block))
    const hashes = await all(before.file.content.hashes(before.file.committed.content))
    for (const hash of hashes) {
      before.store.damaged.set(hash, 1000)
      const file = cold(before)
      await assert.rejects(async () => file.bytes(), eio(/damaged/))
      await assert.rejects(async () => file.bytes(), eio(/damaged/), 'and again')
      before.store.damaged.delete(hash)
      assert.equal((await file.bytes()).length, 2 * block, 'and mended, it is read')
    }
  })

test('a missing block is EIO; the others of the file are read', async () => {
  const before = fixture()
  const data = randomBytes(3 * block)
  await write(before.file, 0, data)
  const hashes = await all(before.file.content.hashes(before.file.committed.content))
  before.store.lost.add(hashes[2] as Hash)
  const file = cold(before)
  await assert.rejects(file.bytes(), eio(/missing/))
  assert.ok((await file.bytes(0, block)).equals(data.subarray(0, block)))
  await assert.rejects(file.bytes(block, 1), eio(/missing/))
})

test('a store that does not answer is EIO, and nothing of that is kept', async () => {
  const before = fixture()
  await write(before.file, 0, randomBytes(5000))
  before.store.failGet = () => new StoreUnavailable('no quorum')
  const file = cold(before)
  await assert.rejects(file.bytes(), eio(/does not answer/))
  before.store.failGet = () => undefined
  assert.equal((await file.bytes()).length, 5000)
})

test('a manifest that is not what its inode says is EIO', async () => {
  const { file } = fixture()
  await write(file, 0, randomBytes(2 * block))
  const { content } = file.committed
  assert.ok(content.kind === 'manifest')
  const longer = { size: 3 * block, content: { ...content, length: 3 * block } }
  await assert.rejects(async () => file.content.read(longer, 0, 10), eio(/describes/))
  const [, hash = ''] = await all(file.content.hashes(content))
  const shorter = { size: 100, content: { kind: 'block', hash, length: 100 } as const }
  await assert.rejects(async () => file.content.read(shorter, 0, 10), eio(/instead of 100/))
})

test('many who read one file make one load of each block', async () => {
  const before = fixture()
  const data = randomBytes(3 * block)
  await write(before.file, 0, data)
  const file = cold(before)
  const reads = await Promise.all(Array.from({ length: 20 }, () => file.bytes()))
  assert.ok(reads.every((read) => read.equals(data)))
  assert.equal(before.store.asked.length, 4)
  assert.equal(before.store.gets, 2, 'the manifest, then all its blocks')
})

test('reading ahead loads what comes next, once, and nobody waits for it', async () => {
  const before = fixture()
  await write(before.file, 0, randomBytes(6 * block))
  const file = cold(before)
  await file.content.read(file.committed, 0, 4096)
  assert.equal(before.store.asked.length, 2)
  before.store.failGet = () => new StoreUnavailable('no quorum')
  await file.content.read(file.committed, 4096, 4096, { aheadBytes: 2 * block })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(before.store.asked.length, 4)
  before.store.failGet = () => undefined
  await file.content.read(file.committed, 8192, 4096, { aheadBytes: 2 * block })
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(!(file.content.read(file.committed, 2 * block, 4096) instanceof Promise))
  assert.equal(before.store.asked.length, 6)
})

test('a failed upload is EIO with its cause, an error number of the store is kept', async () => {
  const { store, file } = fixture()
  const spool = createSpool(storage)
  spool.write(0, randomBytes(3 * block), 0)
  const cause = new StoreUnavailable('no quorum')
  store.failPut = () => cause
  const first = spool.cut()
  await assert.rejects(
    async () => file.content.save(file.committed, first),
    (error) => {
      assert.ok(error instanceof FsError && error.code === 'EIO')
      assert.equal(error.cause, cause)
      return true
    },
  )
  spool.failed(first)
  store.failPut = () => new FsError(28, 'the disk is full')
  const second = spool.cut()
  await assert.rejects(async () => file.content.save(file.committed, second), { code: 'ENOSPC' })
  spool.failed(second)
  store.failPut = () => undefined
  await file.save(spool)
  assert.equal(file.committed.size, 3 * block)
  spool.close()
})

test('saving again uploads everything again: the store may have lost it', async () => {
  const { store, file } = fixture()
  const spool = createSpool(storage)
  spool.write(0, randomBytes(2 * block), 0)
  const snapshot = spool.cut()
  const first = await file.content.save(file.committed, snapshot)
  const second = await file.content.save(file.committed, snapshot)
  assert.deepEqual(second.content, first.content)
  assert.equal(store.uploaded.length, 6)
  spool.close()
})

test('files larger than the memory that saves may hold are saved all the same, at a time', async () => {
  const { store, content } = fixture()
  store.delay = () => new Promise((resolve) => setTimeout(resolve, 5))
  const large = memoryStorage(2 ** 30)
  const datas = Array.from({ length: 3 }, () => randomBytes(25 * 1024 * 1024))
  const files = datas.map(() => new SavedFile(content))
  let failing = 0
  const failed = createSpool(large)
  failed.write(0, randomBytes(10 * 1024 * 1024), 0)
  store.failPut = () => (failing++ === 0 ? new StoreUnavailable('once') : undefined)
  const first = failed.cut()
  const saves = files.map((file, i) => {
    const spool = createSpool(large)
    spool.write(0, datas[i] as Buffer, 0)
    return () => file.save(spool)
  })
  await assert.rejects(async () => content.save(files[0]?.committed as Stored, first), {
    code: 'EIO',
  })
  await Promise.all(saves.map((save) => save()))
  for (const [i, file] of files.entries())
    assert.ok((await file.bytes()).equals(datas[i] as Buffer))
  content.close()
})
