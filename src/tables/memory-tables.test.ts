import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Head, VolumeState } from '../volume/head.js'
import { encodeDirent } from '../volume/inode-codec.js'
import { type Key, RecordKind, type VolumeRecord } from '../volume/record.js'
import { newUuid } from '../volume/uuid.js'
import { MemoryTables } from './memory-tables.js'

const head: Head = {
  seq: 1,
  request: newUuid(),
  state: VolumeState.live,
  usedBytes: 0,
  usedInodes: 0,
  quotaBytes: 0,
  quotaInodes: 0,
}

function dirent(parent: number, name: string, ino: number): VolumeRecord {
  const value = encodeDirent({ ino, type: 0o100000 }, undefined)
  return { kind: RecordKind.dirent, parent, name, value }
}

function other(kind: RecordKind, parent: number, name = ''): VolumeRecord {
  return { kind, parent, name, value: Buffer.of(1) }
}

const keyOf = ({ kind, parent, name }: Key): Key => ({ kind, parent, name })

test('records are scanned in key order, page by page', () => {
  const tables = new MemoryTables()
  const records = [
    dirent(1, 'a', 2),
    dirent(1, 'b', 3),
    dirent(10, '\x00', 4),
    dirent(10, '\xff', 5),
    dirent(1000, 'z', 6),
    other(RecordKind.inode, 1),
    other(RecordKind.inode, 7),
    other(RecordKind.journal, 0, 'j'),
  ]
  tables.apply(records.toReversed(), [], head)
  for (const limit of [1, 2, 3, 100]) {
    const scanned: VolumeRecord[] = []
    for (let page = tables.scan(undefined, limit); page.length > 0; ) {
      assert.ok(page.length <= limit)
      scanned.push(...page)
      page = tables.scan(page.at(-1), limit)
    }
    assert.deepEqual(scanned, records)
  }
  assert.equal(tables.count(), 7)
})

test('the index knows every name of an inode, through replacing, linking and removing', () => {
  const tables = new MemoryTables()
  tables.apply([dirent(1, 'a', 5), dirent(1, 'b', 5), dirent(2, 'c', 5)], [], head)
  const sorted = () =>
    tables
      .names(5)
      .map((link) => `${link.parent}/${link.name}`)
      .sort()
  assert.deepEqual(sorted(), ['1/a', '1/b', '2/c'])
  tables.apply([dirent(1, 'b', 6)], [keyOf(dirent(1, 'a', 5))], head)
  assert.deepEqual(sorted(), ['2/c'])
  assert.deepEqual(tables.names(6), [{ parent: 1, name: 'b' }])
  tables.apply([dirent(2, 'c', 5)], [], head)
  assert.deepEqual(sorted(), ['2/c'])
  tables.apply([], [keyOf(dirent(2, 'c', 5))], head)
  assert.deepEqual(tables.names(5), [])
  assert.deepEqual(tables.list(2, undefined, 10), [])
})

test('an entry that cannot be read changes nothing', () => {
  const tables = new MemoryTables()
  tables.apply([dirent(1, 'a', 5)], [], head)
  const broken = { ...dirent(1, 'b', 6), value: Buffer.alloc(0) }
  const gone = [keyOf(dirent(1, 'a', 5))]
  assert.throws(() => tables.apply([dirent(1, 'c', 7), broken], gone, { ...head, seq: 2 }))
  assert.throws(() => tables.apply([other(RecordKind.log, 2)], gone, { ...head, seq: 2 }))
  assert.deepEqual(tables.list(1, undefined, 10), [dirent(1, 'a', 5)])
  assert.equal(tables.head()?.seq, 1)
})

test('a directory of 100,000 names, listed in between, is filled and emptied', () => {
  const tables = new MemoryTables()
  for (let i = 0; i < 100_000; i++) {
    const name = String((i * 7919) % 100_003).padStart(6, '0')
    tables.apply([dirent(1, name, i + 2)], [], head)
    if (i % 10 === 0) assert.ok(tables.list(1, name, 3).every((record) => record.name > name))
  }
  assert.equal(tables.count(), 100_000)
  const all = tables.list(1, undefined, 200_000)
  assert.equal(all.length, 100_000)
  tables.apply([], all.map(keyOf), head)
  assert.equal(tables.count(), 0)
})
