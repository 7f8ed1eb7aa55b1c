// What two mounts that write one file may rely on, and what a spool does with changes that come while it
// is being saved. Dots are zeros.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { owner, TestBlockStore } from '../../test/support/block-store.js'
import { SavedFile } from '../../test/support/saved-file.js'
import { createSpool } from './create-spool.js'
import { openContentStore } from './open-content-store.js'
import { readThrough, seekThrough } from './overlay.js'
import type { Spool } from './spool.js'
import { openSpoolStorage } from './spool-storage.js'

const storage = openSpoolStorage({ directory: '/nowhere' })

/** Two spools over one file, as of two mounts. */
class TwoWriters {
  readonly file = new SavedFile(openContentStore({ store: new TestBlockStore(), owner }))
  readonly a = createSpool(storage)
  readonly b = createSpool(storage)

  static async with(text: string): Promise<TwoWriters> {
    const both = new TwoWriters()
    both.write(both.a, 0, text)
    await both.file.save(both.a)
    return both
  }

  write(spool: Spool, offset: number, text: string): number {
    return spool.write(offset, Buffer.from(text), this.file.committed.size)
  }

  append(spool: Spool, text: string): number {
    return spool.write(0, Buffer.from(text), this.file.committed.size, true)
  }

  async seen(spool: Spool): Promise<string> {
    const { content, committed } = this.file
    const bytes = await readThrough(content, spool, committed, 0, 1_000_000)
    return Buffer.concat(bytes).toString('latin1').replaceAll('\0', '.')
  }
}

test('ranges are put onto the newest content', async () => {
  const { file, a, b } = await TwoWriters.with('0123456789')
  a.write(2, Buffer.from('AA'), 10)
  b.write(6, Buffer.from('BBBBBB'), 10)
  await file.save(a)
  await file.save(b)
  assert.equal(await file.text(), '01AA45BBBBBB')
})

test('appends of two writers are both kept, each in one piece', async () => {
  const both = await TwoWriters.with('base\n')
  assert.equal(both.append(both.a, 'a1 '), 5)
  assert.equal(both.append(both.a, 'a2\n'), 8)
  assert.equal(both.append(both.b, 'b1\n'), 5)
  assert.equal((await both.file.save(both.b)).moved, false)
  assert.equal(await both.seen(both.a), 'base\na1 a2\n', 'shown where it was answered')
  assert.equal((await both.file.save(both.a)).moved, true)
  assert.equal(await both.file.text(), 'base\nb1\na1 a2\n')
})

test('a later write inside an unsaved appended range belongs to it', async () => {
  const both = await TwoWriters.with('base\n')
  both.append(both.a, 'number ?\n')
  both.write(both.a, 5 + 7, '7')
  both.append(both.b, 'b\n')
  await both.file.save(both.b)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), 'base\nb\nnumber 7\n')
})

test('a write that runs into an appended range is cut in two: only its end belongs to it', async () => {
  const both = await TwoWriters.with('base')
  both.append(both.a, 'append')
  both.write(both.a, 2, 'XXYYYY')
  assert.equal(await both.seen(both.a), 'baXXYYYYnd')
  both.append(both.b, '12')
  await both.file.save(both.b)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), 'baXX12YYYYnd')
})

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

test('an append behind own writes beyond the end goes behind them', async () => {
  const both = await TwoWriters.with('base')
  both.write(both.a, 8, 'x')
  assert.equal(both.append(both.a, 'end'), 9)
  both.append(both.b, '12')
  await both.file.save(both.b)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), 'base12..xend')
})

test('a truncated file is cut on the newest content, and an append after it goes to the cut', async () => {
  const both = await TwoWriters.with('0123456789')
  both.a.truncate(4)
  both.append(both.a, 'AA')
  both.append(both.b, 'BBBB')
  await both.file.save(both.b)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), '0123AA')
})

test('the smallest of several sizes cuts, the last one stays', async () => {
  const both = await TwoWriters.with('0123456789')
  both.a.truncate(3)
  both.a.truncate(8)
  both.write(both.b, 0, 'BBBBBB')
  await both.file.save(both.b)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), 'BBB.....')
})

test('only the first save after a truncation to nothing replaces the file whole', async () => {
  const both = await TwoWriters.with('old content')
  both.a.truncate(0)
  both.write(both.a, 0, 'new')
  await both.file.save(both.a)
  assert.equal(await both.file.text(), 'new')
  both.append(both.b, ' b')
  await both.file.save(both.b)
  both.write(both.a, 0, 'N')
  await both.file.save(both.a)
  assert.equal(await both.file.text(), 'New b')
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

test('room allocated never makes a file shorter that has grown meanwhile', async () => {
  const both = await TwoWriters.with('0123')
  both.a.allocate(8)
  assert.equal(await both.seen(both.a), '0123....')
  both.append(both.b, '456789')
  await both.file.save(both.b)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), '0123456789')
})

test('a size set beyond the end holds for bytes appended before it', async () => {
  const both = await TwoWriters.with('0123')
  both.append(both.a, 'AA')
  both.a.truncate(10)
  both.append(both.b, 'BB')
  await both.file.save(both.b)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), '0123BBAA..')
})

test('bytes appended before a size was set never go behind it, though the file grows again', async () => {
  const both = await TwoWriters.with('0123')
  both.append(both.a, 'AA')
  both.a.truncate(10)
  both.write(both.a, 14, 'x')
  both.append(both.b, 'BBBBBBBBBBBB')
  await both.file.save(both.b)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), '0123BBBBBB....x')
})

test('a hole does not make a file longer that was cut meanwhile', async () => {
  const both = await TwoWriters.with('0123456789')
  both.a.punch(4, 10, 10)
  both.b.truncate(6)
  await both.file.save(both.b)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), '0123..')
})

test('a hole in bytes that made the file longer keeps its length', async () => {
  const both = await TwoWriters.with('01')
  both.append(both.a, 'AAAA')
  both.a.punch(4, 6, 2)
  assert.equal(await both.seen(both.a), '01AA..')
  both.append(both.b, 'B')
  await both.file.save(both.b)
  await both.file.save(both.a)
  assert.equal(await both.file.text(), '01BAA..')
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

/** What one writer has not saved, in the order in which it was done. */
interface Pending {
  readonly append: boolean
  readonly offset: number
  readonly data: Buffer
}

class WriterModel {
  pending: Pending[] = []
  readonly spool = createSpool(storage)

  /** All of it on `bytes`: appends to the end as it is, the others where they belong. */
  commit(bytes: Buffer): Buffer {
    let file = bytes
    const put = (offset: number, data: Buffer) => {
      const longer = Buffer.alloc(Math.max(file.length, offset + data.length))
      file.copy(longer)
      data.copy(longer, offset)
      file = longer
    }
    for (const { append, offset, data } of this.pending) put(append ? file.length : offset, data)
    for (const { append, offset, data } of this.pending) if (!append) put(offset, data)
    this.pending = []
    return file
  }
}

test('any appends and writes of two writers, saved in any order, some of them failing', async () => {
  const step = fc.record({
    writer: fc.constantFrom(0, 1),
    what: fc.constantFrom('append', 'write', 'save', 'fail'),
    offset: fc.nat(400),
    length: fc.integer({ min: 1, max: 90 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
      const content = openContentStore({ store: new TestBlockStore(), owner })
      const file = new SavedFile(content)
      const first = createSpool(storage)
      first.write(0, Buffer.alloc(400, '-'), 0)
      await file.save(first)
      let expected: Buffer<ArrayBufferLike> = Buffer.alloc(400, '-')
      const writers = [new WriterModel(), new WriterModel()] as const
      for (const [i, { writer, what, offset, length }] of steps.entries()) {
        const { spool, pending } = writers[writer as 0 | 1]
        const data = Buffer.alloc(length, `${i % 10}${'ab'[writer]}`)
        if (what === 'append') {
          spool.write(0, data, file.committed.size, true)
          pending.push({ append: true, offset: 0, data })
        } else if (what === 'write') {
          // Within what was there from the start: never inside appended bytes.
          const end = Math.min(400, offset + length)
          spool.write(offset, data.subarray(0, end - offset), file.committed.size)
          pending.push({ append: false, offset, data: data.subarray(0, end - offset) })
        } else if (what === 'fail') spool.failed(spool.cut())
        else {
          await file.save(spool)
          expected = writers[writer as 0 | 1].commit(expected)
          assert.deepEqual(await file.bytes(), expected)
        }
      }
      for (const writer of writers) {
        await file.save(writer.spool)
        expected = writer.commit(expected)
        writer.spool.close()
      }
      assert.deepEqual(await file.bytes(), expected)
      content.close()
    }),
    { numRuns: 150 },
  )
})
