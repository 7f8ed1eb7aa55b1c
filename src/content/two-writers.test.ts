// What two mounts that write one file may rely on: ranges and appended bytes are put onto the newest
// content, sizes cut it. Dots are zeros.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { owner, TestBlockStore } from '../../test/support/block-store.js'
import { memoryStorage } from '../../test/support/content-fixture.js'
import { SavedFile } from '../../test/support/saved-file.js'
import { TwoWriters } from '../../test/support/two-writers.js'
import { createSpool } from './create-spool.js'
import { openContentStore } from './open-content-store.js'

const storage = memoryStorage()

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
