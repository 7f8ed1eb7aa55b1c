// Engines that live in this process show a volume's records synchronously: what a replica reads from.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordKind } from '../../src/volume/record.js'
import { newUuid } from '../../src/volume/uuid.js'
import { apply, dirent, inodeRecord, keyOf, newVolume, sameRecords } from './fixtures.js'
import type { Opened } from './store-contract.js'

export function tablesTests(use: Opened): void {
  test('tables show what is committed: head, records, listings, names, count', async (t) => {
    const { store } = use()
    if (!store.tables) return t.skip('the records are not in this process')
    const records = [dirent(1, 'a', 2), dirent(1, 'b', 3), dirent(9, 'b', 3), inodeRecord(3)]
    let at = await newVolume(store, records)
    const tables = store.tables(at.volume)
    tables.refresh?.()
    assert.deepEqual(tables.head(), at.head)
    assert.deepEqual(
      Buffer.from(tables.get(RecordKind.dirent, 1, 'b') ?? []),
      dirent(1, 'b', 3).value,
    )
    assert.equal(tables.get(RecordKind.dirent, 1, 'c'), undefined)
    assert.deepEqual(Buffer.from(tables.get(RecordKind.inode, 3, '') ?? []), inodeRecord(3).value)
    sameRecords(tables.list(1, undefined, 10), records.slice(0, 2))
    sameRecords(tables.list(1, 'a', 10), records.slice(1, 2))
    sameRecords(tables.list(1, undefined, 1), records.slice(0, 1))
    assert.deepEqual(tables.list(5, undefined, 10), [])
    assert.equal(tables.count(), 4)
    at = await apply(store, at, {
      puts: [dirent(1, 'b', 4)],
      deletes: [keyOf(records[0] as never)],
    })
    tables.refresh?.()
    assert.deepEqual(tables.head(), at.head)
    assert.deepEqual(tables.names(3), [{ parent: 9, name: 'b' }])
    assert.deepEqual(tables.names(4), [{ parent: 1, name: 'b' }])
    assert.deepEqual(tables.names(2), [])
    assert.equal(tables.count(), 3)
  })

  test('tables show the commits of other clients after a refresh', async (t) => {
    const { store, other } = use()
    if (!store.tables) return t.skip('the records are not in this process')
    let at = await newVolume(store)
    const tables = store.tables(at.volume)
    for (let i = 0; i < 20; i++) {
      assert.equal(tables.head()?.seq, at.head.seq)
      at = await apply(other, at, { puts: [dirent(1, `f${i}`, i + 2)] })
      tables.refresh?.()
      assert.equal(tables.head()?.seq, at.head.seq)
      assert.ok(tables.get(RecordKind.dirent, 1, `f${i}`))
    }
  })

  test('values from tables do not change with later reads and commits', async (t) => {
    const { store } = use()
    if (!store.tables) return t.skip('the records are not in this process')
    const records = Array.from({ length: 50 }, (_, i) => dirent(1, `f${i + 10}`, i + 2))
    let at = await newVolume(store, records)
    const tables = store.tables(at.volume)
    const listed = tables.list(1, undefined, 100)
    const got = records.map(({ name }) => tables.get(RecordKind.dirent, 1, name))
    at = await apply(store, at, { deletes: records.map(keyOf) })
    at = await apply(store, at, { puts: records.map(({ name }) => dirent(1, name, 1e9)) })
    tables.refresh?.()
    tables.list(1, undefined, 100)
    sameRecords(listed, records)
    assert.deepEqual(
      got.map((value) => Buffer.from(value ?? []).toString('hex')),
      records.map(({ value }) => Buffer.from(value).toString('hex')),
    )
  })

  test('tables of a volume that is not there have no head', async (t) => {
    const { store } = use()
    if (!store.tables) return t.skip('the records are not in this process')
    const tables = store.tables(newUuid())
    assert.equal(tables.head(), undefined)
    assert.equal(tables.count(), 0)
    assert.deepEqual(tables.list(1, undefined, 10), [])
  })
}
