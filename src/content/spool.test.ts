// What a spool does with changes that come while it is being saved, with failed saves, and with the pages
// of mappings. Dots are zeros.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStorage } from '../../test/support/content-fixture.js'
import { TwoWriters } from '../../test/support/two-writers.js'
import { createSpool } from './create-spool.js'
import { readThrough, seekThrough } from './overlay.js'

const storage = memoryStorage()

test('writes inside an appended range move with it also while it is being saved', async () => {
  const both = await TwoWriters.with('base\n')
  both.append(both.a, 'number ?\n')
  const snapshot = both.a.cut()
  both.write(both.a, 5 + 7, '7')
  both.append(both.a, 'more\n')
  both.append(both.b, 'b\n')
  await both.file.save(both.b)
  const result = await both.file.content.save(both.file.committed, snapshot)
  both.file.committed = result
  both.a.saved(snapshot, result)
  assert.equal(await both.file.text(), 'base\nb\nnumber ?\n')
  assert.equal(await both.seen(both.a), 'base\nb\nnumber 7\nmore\n')
  both.append(both.b, 'c\n')
  await both.file.save(both.b)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), 'base\nb\nnumber 7\nc\nmore\n')
})

test('after a failed save everything is unsaved as before, appended ranges too', async () => {
  const both = await TwoWriters.with('base\n')
  both.append(both.a, 'one ')
  both.a.failed(both.a.cut())
  both.write(both.a, 5, 'ONE')
  both.append(both.a, 'two\n')
  both.append(both.b, 'b\n')
  await both.file.save(both.b)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), 'base\nb\nONE two\n')
  assert.equal(both.a.dirty, false)
})

test('a truncation while a save is under way is not lost with it', async () => {
  const both = await TwoWriters.with('0123456789')
  both.write(both.a, 8, 'AAAA')
  const snapshot = both.a.cut()
  both.a.truncate(5)
  assert.equal(await both.seen(both.a), '01234')
  const result = await both.file.content.save(both.file.committed, snapshot)
  both.file.committed = result
  both.a.saved(snapshot, result)
  assert.equal(await both.file.text(), '01234567AAAA')
  assert.equal(await both.seen(both.a), '01234')
  await both.file.save(both.a)
  assert.equal(await both.file.text(), '01234')
})

test('a page of a mapping changes only the bytes that differ, and never makes the file longer', async () => {
  const both = await TwoWriters.with('0123456789abcdefghijklmnopqrst')
  const page = Buffer.from('0x23456789abcdefghijklmnopqrsy'.padEnd(64, 'z'))
  const { content, committed } = both.file
  const shown = await readThrough(content, both.a, committed, 0, 64)
  both.a.writeMapped(0, page, committed.size, shown)
  assert.equal(both.a.bytes, 2)
  both.write(both.b, 4, 'BBBB')
  both.append(both.b, '!')
  await both.file.save(both.b)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), '0x23BBBB89abcdefghijklmnopqrsy!')
})

test('a page of a mapping that is as the file is changes nothing', async () => {
  const both = await TwoWriters.with('0123')
  both.a.writeMapped(0, Buffer.from('0123zzzz'), 4, [Buffer.from('0123')])
  assert.equal(both.a.dirty, false)
})

test('one snapshot at a time, and each outcome once', () => {
  const spool = createSpool(storage)
  spool.write(0, Buffer.from('x'), 0)
  const snapshot = spool.cut()
  assert.equal(spool.saving, true)
  assert.throws(() => spool.cut(), /still being saved/)
  spool.failed(snapshot)
  assert.throws(() => spool.failed(snapshot), /not the snapshot/)
  spool.close()
})

test('discarding forgets what is unsaved; a snapshot under way can still be saved', async () => {
  const both = await TwoWriters.with('0123')
  both.write(both.a, 0, 'AA')
  const snapshot = both.a.cut()
  both.write(both.a, 2, 'BB')
  both.a.discard()
  assert.equal(both.a.dirty, false)
  assert.equal(await both.seen(both.a), '0123')
  const result = await both.file.content.save(both.file.committed, snapshot)
  both.file.committed = result
  both.a.saved(snapshot, result)
  assert.equal(await both.file.text(), 'AA23')
  assert.equal(both.a.dirty, false)
})

test('data and holes are found across unsaved changes', async () => {
  const both = await TwoWriters.with('data')
  const { content, committed } = both.file
  both.a.write(100_000, Buffer.from('more'), 4)
  both.a.allocate(200_000)
  both.a.punch(1, 3, 4)
  const seek = (offset: number, what: 'data' | 'hole') =>
    seekThrough(content, both.a, committed, offset, what)
  const found = [0, 1, 3, 4, 100_001, 100_004, 200_000]
  assert.deepEqual(await Promise.all(found.map((at) => seek(at, 'data'))), [
    0,
    3,
    3,
    100_000,
    100_001,
    undefined,
    undefined,
  ])
  assert.deepEqual(await Promise.all(found.map((at) => seek(at, 'hole'))), [
    1,
    1,
    4,
    4,
    100_004,
    100_004,
    undefined,
  ])
})

test('a hole behind a truncation that is being saved keeps the size that was written', async () => {
  const both = await TwoWriters.with('0123456789'.repeat(10))
  both.a.truncate(0)
  const snapshot = both.a.cut()
  both.write(both.a, 50, '0123456789')
  both.a.punch(0, 60, 100)
  const result = await both.file.content.save(both.file.committed, snapshot)
  both.file.committed = result
  both.a.saved(snapshot, result)
  assert.equal(both.a.size(result.size), 60)
  await both.file.save(both.a)
  assert.equal(both.file.committed.size, 60)
})

test('what is appended behind a long write into an append that is being saved stays behind it', async () => {
  const both = await TwoWriters.with('')
  both.append(both.a, 'x')
  const snapshot = both.a.cut()
  both.write(both.a, 0, 'a long line\n')
  both.append(both.a, 'behind')
  const result = await both.file.content.save(both.file.committed, snapshot)
  both.file.committed = result
  both.a.saved(snapshot, result)
  assert.equal(both.a.size(result.size), 'a long line\nbehind'.length)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), 'a long line\nbehind')
})
