// Blocks that are held: readable before the store has them, put together, told when they are there.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eio, fixture, memoryStorage } from '../../test/support/content-fixture.js'
import type { Stored } from './content.js'
import { createSpool } from './create-spool.js'

const storage = memoryStorage()
const none: Stored = { content: { kind: 'none' }, size: 0 }

function atOnce({ content }: ReturnType<typeof fixture>, text: string, base = none) {
  const spool = createSpool(storage)
  spool.truncate(0)
  spool.write(0, Buffer.from(text), base.size)
  const saved = content.saveAtOnce(base, spool.cut())
  spool.close()
  assert.ok(saved?.block)
  return { ...saved, block: saved.block }
}

test('a held block is read before the store has it', async () => {
  const fixed = fixture()
  const { result } = atOnce(fixed, 'x'.repeat(5000))
  assert.equal(
    Buffer.concat(await fixed.content.read(result, 4990, 100)).toString(),
    'x'.repeat(10),
  )
  assert.deepEqual([fixed.store.puts, fixed.store.gets], [0, 0])
})

test('asking for one stores all that are held, in one call', async () => {
  const fixed = fixture()
  const saved = ['a', 'b', 'c'].map((text) => atOnce(fixed, text.repeat(5000)))
  const [first, second] = saved
  await Promise.all([
    fixed.content.store(first?.block as never),
    fixed.content.store(second?.block as never),
  ])
  assert.deepEqual([fixed.store.puts, fixed.store.uploaded.length], [1, 3])
  for (const { block } of saved) assert.equal(fixed.content.store(block), undefined)
})

test('64 are put without anybody asking', async () => {
  const fixed = fixture()
  for (let i = 0; i < 65; i++) atOnce(fixed, `${i}`.repeat(1000))
  await fixed.content.store(atOnce(fixed, '0'.repeat(1000)).block)
  assert.deepEqual([fixed.store.puts, fixed.store.uploaded.length], [1, 64])
})

test('what could not be stored stays readable, and is put when it is asked for again', async () => {
  const fixed = fixture()
  const { result, block } = atOnce(fixed, 'y'.repeat(5000))
  fixed.store.failPut = () => new Error('no room')
  await assert.rejects(async () => fixed.content.store(block), eio(/could not be stored/))
  assert.equal(Buffer.concat(await fixed.content.read(result, 0, 10)).toString(), 'yyyyyyyyyy')
  fixed.store.failPut = () => undefined
  await fixed.content.store(block)
  assert.equal(fixed.store.uploaded.length, 1)
})

test('a block that nobody needs any more is not put; one that another change holds is', async () => {
  const fixed = fixture()
  const once = atOnce(fixed, 'once'.repeat(1000))
  const [one, same] = [atOnce(fixed, 'both'.repeat(1000)), atOnce(fixed, 'both'.repeat(1000))]
  fixed.content.release(once.block)
  fixed.content.release(one.block)
  await fixed.content.store(same.block)
  assert.deepEqual(
    fixed.store.uploaded.map(({ hash }) => hash),
    [same.block.hash],
  )
})

test('a change within a small file is made of the block at hand, and nothing is read', async () => {
  const fixed = fixture()
  const { result } = atOnce(fixed, 'z'.repeat(5000))
  const spool = createSpool(storage)
  spool.write(10, Buffer.from('new'), result.size)
  const changed = fixed.content.saveAtOnce(result, spool.cut())
  spool.close()
  assert.ok(changed?.block)
  assert.equal(changed.block.plain.subarray(8, 15).toString(), 'zznewzz')
  assert.equal(fixed.store.gets, 0)
})

test('what needs a manifest, or a hole, is no save at once', () => {
  const fixed = fixture()
  for (const offsets of [[0, 300_000], [8192], [0, 100_000]]) {
    const spool = createSpool(storage)
    for (const offset of offsets) spool.write(offset, Buffer.alloc(1000, 1), 0)
    assert.equal(fixed.content.saveAtOnce(none, spool.cut()), undefined)
    spool.close()
  }
})
