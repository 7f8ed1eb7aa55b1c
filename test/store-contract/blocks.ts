import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BlockEncoding } from '../../src/store/store.js'
import { newUuid } from '../../src/volume/uuid.js'
import { newBlock, present } from './fixtures.js'
import type { Opened } from './store-contract.js'

export function blockTests(use: Opened): void {
  reading(use)
  listing(use)
}

function reading(use: Opened): void {
  test('blocks are read back in the order asked for; absent ones are told', async () => {
    const { store, other } = use()
    const owner = newUuid()
    const blocks = [
      newBlock(1),
      { ...newBlock(5000), encoding: BlockEncoding.lz4, length: 9999 },
      newBlock(1_000_000),
    ] as const
    await store.putBlocks(owner, blocks)
    const absent = newBlock().hash
    const asked = [blocks[2].hash, absent, blocks[0].hash, blocks[1].hash, blocks[2].hash]
    const read = await other.getBlocks(owner, asked)
    assert.deepEqual(
      read.map((block) => block?.hash),
      [blocks[2].hash, undefined, blocks[0].hash, blocks[1].hash, blocks[2].hash],
    )
    for (const block of blocks) {
      const [found] = await store.getBlocks(owner, [block.hash])
      assert.ok(found)
      assert.deepEqual([found.length, found.encoding], [block.length, block.encoding])
      assert.ok(Buffer.from(block.data).equals(found.data))
      if (store.getBlockSync) assert.deepEqual(store.getBlockSync(owner, block.hash), found)
    }
    if (store.getBlockSync) assert.equal(store.getBlockSync(owner, absent), undefined)
  })

  test('a block stays as it was when its uploader goes on with the buffer, or stores it again', async () => {
    const { store } = use()
    const owner = newUuid()
    const block = newBlock(70_000)
    const bytes = Buffer.from(block.data)
    await store.putBlocks(owner, [block])
    block.data.fill(0)
    await store.putBlocks(owner, [{ ...block, data: bytes }])
    const [first] = await store.getBlocks(owner, [block.hash])
    await store.putBlocks(owner, [newBlock(70_000)])
    await store.getBlocks(owner, [newBlock().hash])
    assert.ok(first && bytes.equals(first.data))
  })

  test('lengths are those of the plain bytes; of absent blocks there is none', async () => {
    const { store, other } = use()
    const owner = newUuid()
    const blocks = [newBlock(7), { ...newBlock(500), encoding: BlockEncoding.lz4, length: 999 }]
    await store.putBlocks(owner, blocks)
    const [small = '', packed = ''] = blocks.map(({ hash }) => hash)
    const asked = [packed, newBlock().hash, small]
    assert.deepEqual(await other.blockLengths(owner, asked), [999, undefined, 7])
    assert.deepEqual(await store.blockLengths(newUuid(), [small]), [undefined])
  })

  test('owners do not share blocks', async () => {
    const { store } = use()
    const block = newBlock()
    await store.putBlocks(newUuid(), [block])
    assert.deepEqual(await present(store, newUuid(), [block.hash]), [false])
  })
}

function listing(use: Opened): void {
  test('the blocks of an owner are listed in pages, each once, with its age', async () => {
    const { store } = use()
    const owner = newUuid()
    const blocks = Array.from({ length: 25 }, () => newBlock())
    const before = await store.clockMs()
    await store.putBlocks(owner, blocks)
    await store.putBlocks(newUuid(), [newBlock()])
    const listed: string[] = []
    for (;;) {
      const page = await store.listBlocks(owner, listed.at(-1), 10)
      assert.ok(page.length <= 10)
      if (page.length === 0) break
      for (const { hash, uploadedMs } of page) {
        listed.push(hash)
        assert.ok(Math.abs(uploadedMs - before) < 600_000)
      }
    }
    assert.deepEqual(listed.toSorted(), blocks.map((block) => block.hash).toSorted())
  })

  test('only blocks uploaded before the given time are deleted', async () => {
    const { store } = use()
    const owner = newUuid()
    const [old, young] = [newBlock(), newBlock()]
    await store.putBlocks(owner, [old, young])
    const uploaded = new Map<string, number>()
    for (const block of await store.listBlocks(owner, undefined, 10))
      uploaded.set(block.hash, block.uploadedMs)
    await store.deleteBlocks(owner, [old.hash], (uploaded.get(old.hash) ?? 0) + 60_000)
    await store.deleteBlocks(owner, [young.hash], (uploaded.get(young.hash) ?? 0) - 1)
    assert.deepEqual(await present(store, owner, [old.hash, young.hash]), [false, true])
    await store.putBlocks(owner, [{ ...old, data: Buffer.from(old.data) }])
    assert.deepEqual(await present(store, owner, [old.hash]), [true])
  })
}
