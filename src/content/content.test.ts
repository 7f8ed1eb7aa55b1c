// What contents look like, what a save uploads for them, and what a read loads: counted.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { owner } from '../../test/support/block-store.js'
import {
  all,
  block,
  change,
  cold,
  eio,
  fixture,
  hashesOf,
  memoryStorage,
  write,
} from '../../test/support/content-fixture.js'
import { createSpool } from './create-spool.js'
import { openContentStore } from './open-content-store.js'

const storage = memoryStorage()

test('up to 512 bytes stand in the inode, and are saved and read at once', () => {
  const { store, content } = fixture()
  const spool = createSpool(storage)
  spool.write(0, Buffer.alloc(512, 'x'), 0)
  const result = content.save({ content: { kind: 'none' }, size: 0 }, spool.cut())
  assert.ok(!(result instanceof Promise))
  assert.deepEqual(result.content, { kind: 'inline', data: Buffer.alloc(512, 'x') })
  assert.deepEqual(content.read(result, 510, 100), [Buffer.from('xx')])
  assert.equal(store.puts, 0)
  spool.close()
})

test('a file of one block names it in its inode; one upload, none of it read again', async () => {
  const { store, file } = fixture()
  const data = randomBytes(block)
  await write(file, 0, data)
  assert.equal(file.committed.content.kind, 'block')
  assert.deepEqual([store.puts, store.gets, store.uploaded.length], [1, 0, 1])
  assert.ok(!(file.content.read(file.committed, 0, block) instanceof Promise))
  assert.ok((await file.bytes()).equals(data))
})

test('a larger file has a manifest that names its blocks to the store', async () => {
  const { store, file } = fixture()
  await write(file, 0, randomBytes(3 * block + 5000))
  const { content } = file.committed
  assert.equal(content.kind, 'manifest')
  const [hash] = hashesOf(content)
  const manifest = store.uploaded.find((one) => one.hash === hash)
  const others = store.uploaded.filter((one) => one !== manifest)
  assert.deepEqual(new Set(manifest?.refs), new Set(others.map((one) => one.hash)))
  assert.ok(others.every((one) => one.refs === undefined))
  assert.deepEqual(
    new Set(await all(file.content.hashes(content))),
    new Set(store.uploaded.map((one) => one.hash)),
  )
})

test('a write into a large file reads and uploads one block, and leaves the others', async () => {
  const before = fixture()
  const data = randomBytes(8 * block)
  await write(before.file, 0, data)
  const { store } = before
  const file = cold(before)
  const uploaded = store.uploaded.length
  await write(file, 3 * block + 100, Buffer.from('changed'))
  data.write('changed', 3 * block + 100)
  assert.equal(store.uploaded.length - uploaded, 2, 'a block and the manifest')
  assert.equal(store.asked.length, 2, 'a block and the manifest')
  assert.ok((await cold({ ...before, file }).bytes()).equals(data))
})

test('a window that is written whole is not read', async () => {
  const before = fixture()
  await write(before.file, 0, randomBytes(4 * block))
  const file = cold(before)
  await write(file, block, randomBytes(2 * block))
  assert.deepEqual(before.store.asked, hashesOf(before.file.committed.content))
})

test('what was cut reads as zeros, though a little is written behind where it ended', async () => {
  const { file } = fixture()
  await write(file, 0, Buffer.alloc(5000, 'x'))
  await change(file, (spool) => {
    spool.truncate(4000)
    spool.write(5000, Buffer.from('end'), 5000)
  })
  const read = await file.bytes()
  assert.deepEqual(
    read,
    Buffer.concat([Buffer.alloc(4000, 'x'), Buffer.alloc(1000), Buffer.from('end')]),
  )
})

test('a tail ends with its window: the full block is stored, the rest begins a new one', async () => {
  const { file } = fixture()
  const data = randomBytes(block + 10)
  await write(file, 0, data.subarray(0, block - 10))
  await write(file, block - 10, data.subarray(block - 10))
  const { content } = file.committed
  assert.ok(content.kind === 'block')
  assert.equal(content.length, block)
  assert.deepEqual(content.tail, data.subarray(block))
  assert.ok((await file.bytes()).equals(data))
})

test('holes cost nothing, and are found by seek', async () => {
  const before = fixture()
  const { file, store } = before
  const gigabyte = 2 ** 30
  await write(file, gigabyte, Buffer.alloc(5000, 'd'))
  await change(file, (spool) => spool.truncate(2 * gigabyte))
  await write(file, 10 * block + 8192, Buffer.alloc(4096, 'e'))
  assert.ok(store.bytesUploaded < 2000, `${store.bytesUploaded} bytes`)
  const { content, committed } = cold(before)
  const seek = (offset: number, what: 'data' | 'hole') => content.seek(committed, offset, what)
  assert.equal(await seek(0, 'data'), 10 * block + 8192)
  assert.equal(await seek(0, 'hole'), 0)
  assert.equal(await seek(10 * block + 8200, 'hole'), 10 * block + 12_288)
  assert.equal(await seek(10 * block + 12_288, 'data'), gigabyte)
  assert.equal(await seek(gigabyte + 4999, 'data'), gigabyte + 4999)
  assert.equal(await seek(gigabyte + 5000, 'data'), undefined)
  assert.equal(await seek(gigabyte + 6000, 'hole'), gigabyte + 6000)
  assert.equal(await seek(2 * gigabyte, 'hole'), undefined)
  const zeros = Buffer.concat(await content.read(committed, gigabyte + 4999, 3))
  assert.deepEqual(zeros, Buffer.from('d\0\0'))
})

test('the end of a file without holes is its hole', async () => {
  const { file } = fixture()
  await write(file, 0, randomBytes(2 * block))
  assert.equal(await file.content.seek(file.committed, 5, 'hole'), 2 * block)
  assert.equal(await file.content.seek(file.committed, 5, 'data'), 5)
})

test('what a save wrote is in the cache; an engine in this process is read at once', async () => {
  const before = fixture(true)
  const data = randomBytes(3 * block)
  await write(before.file, 0, data)
  assert.ok(!(before.file.content.read(before.file.committed, 0, 3 * block) instanceof Promise))
  const other = cold(before)
  const read = other.content.read(other.committed, 0, 3 * block)
  assert.ok(Array.isArray(read))
  assert.ok(Buffer.concat(read).equals(data))
  assert.equal(before.store.gets, 0)
})

test('equal blocks of a file are uploaded once', async () => {
  const { store, file } = fixture()
  await write(file, 0, Buffer.alloc(40 * block, 'same'))
  assert.equal(store.uploaded.length, 2)
  assert.ok((await file.bytes()).equals(Buffer.alloc(40 * block, 'same')))
})

test('extended attributes too large for the inode are a block', async () => {
  const before = fixture()
  const { content, store } = before
  const small = new Map([['user.a', Buffer.from('1')]])
  assert.deepEqual(content.saveXattrs(small), { xattrs: small, xattrBlock: undefined })
  const large = new Map([...small, ['user.b', Buffer.alloc(60_000, 'v')]])
  const stored = await content.saveXattrs(large)
  assert.equal(stored.xattrs.size, 0)
  const { xattrBlock } = stored
  assert.ok(xattrBlock)
  const other = openContentStore({ store, owner })
  const inode = { xattrs: stored.xattrs, xattrBlock }
  assert.deepEqual(await other.loadXattrs(inode), large)
  assert.ok(!(other.loadXattrs(inode) instanceof Promise))
  store.lost.add(xattrBlock.hash)
  const third = openContentStore({ store, owner })
  await assert.rejects(async () => third.loadXattrs(inode), eio(/missing/))
  assert.equal(content.loadXattrs({ xattrs: small, xattrBlock: undefined }), small)
})

test('a block that holds no extended attributes is EIO', async () => {
  const { file } = fixture()
  await write(file, 0, randomBytes(1000))
  const [hash = ''] = hashesOf(file.committed.content)
  const inode = { xattrs: new Map(), xattrBlock: { hash, length: 1000 } }
  await assert.rejects(async () => file.content.loadXattrs(inode), eio(/no extended attributes/))
})

test('small changes all over a huge sparse file read back, from a cold start too', async () => {
  const before = fixture()
  const { file, store } = before
  const expected = new Map<number, number>()
  const spool = createSpool(storage)
  const put = (window: number, value: number) => {
    spool.write(window * block + (window % 1000), Buffer.from([value]), file.committed.size)
    expected.set(window, value)
  }
  for (let window = 0; window < 6000; window += 2) put(window, 1 + (window % 255))
  await file.save(spool)
  for (let window = 7; window < 6000; window += 500) put(window, 200)
  await file.save(spool)
  spool.punch(1000 * block, 3000 * block, file.committed.size)
  for (const window of [...expected.keys()])
    if (window >= 1000 && window < 3000) expected.delete(window)
  const uploaded = store.bytesUploaded
  await file.save(spool)
  assert.ok(store.bytesUploaded - uploaded < 40_000, 'a hole through the middle is cheap')
  spool.close()
  const other = cold(before)
  for (let window = 0; window < 6000; window += 17) {
    const [byte] = await other.bytes(window * block + (window % 1000), 1)
    assert.equal(byte ?? 0, expected.get(window) ?? 0, `window ${window}`)
  }
  const found = await other.content.seek(other.committed, 1000 * block, 'data')
  assert.equal(found, 3000 * block)
})
