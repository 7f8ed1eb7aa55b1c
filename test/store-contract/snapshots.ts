// Engines that live in this process show all that they keep, as of one moment.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Row, Snapshot } from '../../src/store/store.js'
import type { BlockRow } from '../../src/tables/block-ledger.js'
import { newUuid } from '../../src/volume/uuid.js'
import { apply, dirent, keyOf, newBlock, newVolume, sameRecords } from './fixtures.js'
import type { Opened } from './store-contract.js'

export function snapshotTests(use: Opened): void {
  test('a snapshot stays as it was taken', async (t) => {
    const { store, other } = use()
    if (!store.snapshot) return t.skip('the records are not in this process')
    const block = newBlock()
    const owner = newUuid()
    await store.putBlocks(owner, [block])
    const at = await newVolume(store, [dirent(1, 'a', 2, block.hash)], { owner })
    const snapshot = store.snapshot()
    const counted = (one: Snapshot) => [...one.ledger(owner)].map(({ row }) => countOf(row))
    const [count = 0] = counted(snapshot)
    try {
      const gone = { deletes: [keyOf(dirent(1, 'a', 2))], ceases: [block.hash] }
      await apply(other, at, { ...gone, puts: [dirent(1, 'b', 3)] })
      await new Promise((resolve) => setTimeout(resolve, 5))
      assert.deepEqual(snapshot.head(at.volume), at.head)
      sameRecords([...snapshot.records(at.volume)], [dirent(1, 'a', 2, block.hash)])
      assert.deepEqual([...snapshot.log(at.volume)], [])
      assert.deepEqual(
        [...snapshot.ledger(owner)].map(({ hash }) => hash),
        [block.hash],
      )
      assert.deepEqual([...snapshot.blocks(owner)], [block.hash])
      assert.equal(snapshot.hasBlock(owner, block.hash), true)
      assert.equal(snapshot.hasBlock(newUuid(), block.hash), false)
      assert.deepEqual(counted(snapshot), [count])
    } finally {
      snapshot.close()
    }
    const later = store.snapshot()
    sameRecords([...later.records(at.volume)], [dirent(1, 'b', 3)])
    assert.deepEqual(counted(later), [count - 1])
    later.close()
  })
}

function countOf(row: Row<BlockRow>): number {
  if (row === undefined || row instanceof Error) assert.fail(row)
  return row.count
}
