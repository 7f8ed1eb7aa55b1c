// Blocks that are held: readable before the store has them, put together, told when they are there.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { owner } from '../../test/support/block-store.js'
import { block, eio, fixture, memoryStorage } from '../../test/support/content-fixture.js'
import { Errno, FsError } from '../posix/errno.js'
import type { Stored } from './content.js'
import { createSpool } from './create-spool.js'
import { openContentStore } from './open-content-store.js'

const storage = memoryStorage()
const none: Stored = { content: { kind: 'none' }, size: 0 }

function atOnce({ content }: ReturnType<typeof fixture>, text: string, several = false) {
  const spool = createSpool(storage)
  spool.truncate(0)
  spool.write(0, Buffer.from(text), 0)
  const saved = content.saveAtOnce(none, spool.cut(), several)
  spool.close()
  assert.ok(saved?.blocks[0])
  return { ...saved, block: saved.blocks[0] }
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

test('groups that could not be put are asked for once more, one call, whatever else is held', async () => {
  const fixed = fixture()
  fixed.store.failPut = () => new FsError(Errno.ENOSPC, 'no room')
  const saved = Array.from({ length: 130 }, (_, i) => atOnce(fixed, `${i} `.repeat(1000)).block)
  const stored = () =>
    Promise.allSettled(saved.map(async (block) => fixed.content.store(block, true)))
  await stored()
  const tried = fixed.store.puts
  atOnce(fixed, 'one more'.repeat(1000))
  assert.equal(fixed.store.puts, tried, 'what has failed does not count for what is put by itself')
  for (let round = 1; round <= 5; round++) {
    const outcomes = await stored()
    assert.ok(outcomes.every(({ status }) => status === 'rejected'))
    assert.equal(fixed.store.puts, tried + round)
  }
  fixed.store.failPut = () => undefined
  const outcomes = await stored()
  assert.ok(outcomes.every(({ status }) => status === 'fulfilled'))
  assert.deepEqual([fixed.store.puts, fixed.store.uploaded.length], [tried + 5 + 3, 130])
})

test('the store is told of blocks whose changes were answered already, not of others', async () => {
  const fixed = fixture()
  fixed.store.failPut = () => new FsError(Errno.ENOSPC, 'no room')
  const [answered, waiting] = ['a', 'w'].map((text) => atOnce(fixed, text.repeat(5000)).block)
  assert.ok(answered && waiting)
  await Promise.allSettled([fixed.content.store(answered, true), fixed.content.store(waiting)])
  await Promise.allSettled([fixed.content.store(answered, true), fixed.content.store(waiting)])
  assert.deepEqual(fixed.store.told, [
    { count: 2, isAnswered: false },
    { count: 1, isAnswered: true },
    { count: 1, isAnswered: false },
  ])
})

test('no more is on its way than the bound of all saves allows', async () => {
  const fixed = fixture()
  let [busy, most] = [0, 0]
  fixed.store.delay = async () => {
    most = Math.max(most, ++busy)
    await nextTurn()
    busy--
  }
  const saved = Array.from({ length: 200 }, (_, i) => {
    const spool = createSpool(storage)
    spool.write(0, Buffer.alloc(block, i + 1), 0)
    const saved = fixed.content.saveAtOnce(none, spool.cut(), false)
    spool.close()
    return saved?.blocks[0] ?? assert.fail()
  })
  await Promise.all(saved.map((held) => fixed.content.store(held)))
  assert.equal(fixed.store.uploaded.length, 200)
  // 32 MiB, and the group with which they are reached.
  assert.ok(most <= 17, `${most} groups of 2 MiB`)
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
  const changed = fixed.content.saveAtOnce(result, spool.cut(), false)
  spool.close()
  assert.ok(changed?.blocks[0])
  assert.equal(changed.blocks[0].plain.subarray(8, 15).toString(), 'zznewzz')
  assert.equal(fixed.store.gets, 0)
})

for (const [what, bytes, blocks] of [
  ['a block and a tail', 262_144 + 100, 1],
  ['two blocks', 262_144 + 5000, 3],
  ['blocks that are full', 3 * 262_144, 4],
  ['as many as are made at once', 16 * 262_144, 17],
] as const)
  test(`a file of ${what} is read before the store has it, and is as an upload makes it`, async () => {
    const fixed = fixture()
    const data = randomBytes(bytes)
    const spool = createSpool(storage)
    spool.truncate(0)
    spool.write(0, data, 0)
    const cut = spool.cut()
    assert.equal(fixed.content.saveAtOnce(none, cut, false), undefined)
    const saved = fixed.content.saveAtOnce(none, cut, true)
    assert.ok(saved)
    assert.equal(saved.blocks.length, blocks)
    assert.ok(data.equals(Buffer.concat(await fixed.content.read(saved.result, 0, bytes))))
    assert.deepEqual([fixed.store.puts, fixed.store.gets], [0, 0])
    assert.deepEqual((await fixture().content.save(none, cut)).content, saved.result.content)
    spool.close()
    await Promise.all(saved.blocks.map((block) => fixed.content.store(block)))
    const fresh = openContentStore({ store: fixed.store, owner })
    assert.ok(data.equals(Buffer.concat(await fresh.read(saved.result, 0, bytes))))
    const refs = fixed.store.uploaded.flatMap(({ refs }) => refs ?? [])
    const named = saved.blocks.filter((block) => !block.refs).map(({ hash }) => hash)
    assert.deepEqual(new Set(refs), new Set(blocks > 1 ? named : []))
    fresh.close()
  })

test('what has a hole, or is larger, is no save at once', () => {
  const fixed = fixture()
  const large = Array.from({ length: 17 }, (_, i) => i * 262_144)
  for (const offsets of [[0, 300_000], [8192], [0, 100_000], large]) {
    const spool = createSpool(storage)
    for (const offset of offsets)
      spool.write(offset, Buffer.alloc(offsets === large ? 262_144 : 1000, 1), 0)
    assert.equal(fixed.content.saveAtOnce(none, spool.cut(), true), undefined)
    spool.close()
  }
})
