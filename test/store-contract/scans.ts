import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VolumeRecord } from '../../src/volume/record.js'
import { apply, dirent, inodeRecord, newVolume, sameRecords, scanAll } from './fixtures.js'
import type { Opened } from './store-contract.js'

const parents = [1, 2, 255, 256, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]

export function scanTests(use: Opened): void {
  test('a scan in pages of any size is the whole volume, in key order, and no other', async () => {
    const { store } = use()
    const names = ['\x01', 'a', 'aa', 'b', '\xff']
    const dirents = parents.flatMap((parent, i) =>
      names.map((name, j) => dirent(parent, name, 100 + 10 * i + j)),
    )
    const records = [...dirents, ...parents.map(inodeRecord)]
    const at = await newVolume(store, records)
    await newVolume(store, [dirent(1, 'stranger', 9)])
    await apply(store, at)
    for (const limit of [1, 3, 9, 54, 1000])
      sameRecords(await scanAll(store, at.volume, limit), records)
  })

  test('a directory is listed alone, behind a name, in pages', async () => {
    const { store } = use()
    const names = Array.from({ length: 25 }, (_, i) => `n${String(i).padStart(2, '0')}`)
    const records = parents.flatMap((parent) =>
      names.map((name, i) => dirent(parent, name, (parents.indexOf(parent) + 1) * 100 + i)),
    )
    const at = await newVolume(store, [...records, inodeRecord(1)])
    for (const parent of parents) {
      const listed: VolumeRecord[] = []
      let after: string | undefined
      do {
        const page = await store.scanDirectory(at.volume, parent, after, 10)
        listed.push(...page.records)
        after = page.after?.name
      } while (after !== undefined)
      sameRecords(
        listed,
        records.filter((record) => record.parent === parent),
      )
    }
    const none = await store.scanDirectory(at.volume, 77, undefined, 10)
    assert.deepEqual(none, { records: [], after: undefined })
    const behind = await store.scanDirectory(at.volume, 1, 'n23zzz', 10)
    assert.deepEqual(
      behind.records.map((record) => record.name),
      ['n24'],
    )
  })
}
