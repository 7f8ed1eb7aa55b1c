// Spool, save and read together against a plain buffer: what a reader sees at any time, and what is
// committed by each save, also when saves fail, and writes go on while one is under way.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { owner, TestBlockStore } from '../../test/support/block-store.js'
import type { ContentStore, Stored } from './content.js'
import { createSpool } from './create-spool.js'
import { openContentStore } from './open-content-store.js'
import { readThrough } from './overlay.js'
import type { SaveSnapshot, Spool } from './spool.js'
import { openSpoolStorage } from './spool-storage.js'

const directory = mkdtempSync(join(tmpdir(), 'cassfs-spool-'))
after(() => rmSync(directory, { recursive: true }))

const sizeMax = 900_000

type Step =
  | {
      readonly op: 'write'
      readonly offset: number
      readonly length: number
      readonly seed: number
    }
  | { readonly op: 'append'; readonly length: number; readonly seed: number }
  | {
      readonly op: 'mapped'
      readonly offset: number
      readonly length: number
      readonly seed: number
    }
  | { readonly op: 'truncate'; readonly size: number }
  | { readonly op: 'allocate'; readonly size: number }
  | { readonly op: 'punch'; readonly offset: number; readonly length: number }
  | { readonly op: 'read'; readonly offset: number; readonly length: number }
  /** A save begins: committed, failed, prepared twice and then committed, or answered before it is stored. */
  | { readonly op: 'cut' }
  | { readonly op: 'end'; readonly how: 'saved' | 'failed' | 'again' | 'at once' }

const offsets = fc.oneof(
  fc.integer({ min: 0, max: 2000 }),
  fc.integer({ min: 0, max: sizeMax }),
  fc.constantFrom(0, 4096, 65_536, 262_143, 262_144, 262_145, 524_288),
)
const lengths = fc.oneof(
  fc.integer({ min: 1, max: 600 }),
  fc.integer({ min: 1, max: 10_000 }),
  fc.constantFrom(1, 4096, 65_536, 262_144, 300_000),
)
const seed = fc.integer({ min: 1, max: 255 })
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constant('write' as const), offset: offsets, length: lengths, seed }),
  fc.record({ op: fc.constant('append' as const), length: lengths, seed }),
  fc.record({ op: fc.constant('mapped' as const), offset: offsets, length: lengths, seed }),
  fc.record({ op: fc.constant('truncate' as const), size: offsets }),
  fc.record({ op: fc.constant('allocate' as const), size: offsets }),
  fc.record({ op: fc.constant('punch' as const), offset: offsets, length: lengths }),
  fc.record({ op: fc.constant('read' as const), offset: offsets, length: lengths }),
  { arbitrary: fc.record({ op: fc.constant('cut' as const) }), weight: 2 },
  {
    arbitrary: fc.record({
      op: fc.constant('end' as const),
      how: fc.constantFrom(
        'saved' as const,
        'at once' as const,
        'failed' as const,
        'again' as const,
      ),
    }),
    weight: 3,
  },
)

/** Bytes that differ from place to place, and compress. */
function pattern(seed: number, length: number): Buffer {
  const data = Buffer.alloc(length)
  for (let i = 0; i < length; i++) data[i] = 1 + ((seed * 31 + (i >> 3) * 7) % 255)
  return data
}

/** What a file's bytes must be. */
class Model {
  bytes: Buffer<ArrayBufferLike> = Buffer.alloc(0)

  resize(size: number): void {
    const next = Buffer.alloc(size)
    this.bytes.copy(next)
    this.bytes = next
  }

  write(offset: number, data: Buffer): void {
    if (offset + data.length > this.bytes.length) this.resize(offset + data.length)
    data.copy(this.bytes, offset)
  }
}

class Harness {
  readonly store: TestBlockStore
  readonly content: ContentStore
  readonly spool: Spool
  readonly storage = openSpoolStorage({
    directory,
    fileMemoryBytesMax: 100_000,
    memoryBytesMax: 150_000,
  })
  committed: Stored = { content: { kind: 'none' }, size: 0 }
  committedBytes: Buffer<ArrayBufferLike> = Buffer.alloc(0)
  readonly model = new Model()
  flight: { snapshot: SaveSnapshot; bytes: Buffer } | undefined

  constructor(synchronous: boolean, cacheBytesMax: number) {
    this.store = new TestBlockStore(synchronous)
    this.content = openContentStore({ store: this.store, owner, cacheBytesMax })
    this.spool = createSpool(this.storage)
  }

  async take(step: Step): Promise<void> {
    const base = this.committed.size
    if (step.op === 'write') {
      const data = pattern(step.seed, step.length)
      assert.equal(this.spool.write(step.offset, data, base), step.offset)
      this.model.write(step.offset, data)
    } else if (step.op === 'append') {
      const data = pattern(step.seed, step.length)
      assert.equal(this.spool.write(7, data, base, true), this.model.bytes.length)
      this.model.write(this.model.bytes.length, data)
    } else if (step.op === 'mapped') await this.writeMapped(step.offset, step.length, step.seed)
    else if (step.op === 'truncate') {
      this.spool.truncate(step.size)
      this.model.resize(step.size)
    } else if (step.op === 'allocate') {
      this.spool.allocate(step.size)
      if (step.size > this.model.bytes.length) this.model.resize(step.size)
    } else if (step.op === 'punch') {
      this.spool.punch(step.offset, step.offset + step.length, base)
      this.model.bytes.fill(0, Math.min(step.offset, this.model.bytes.length), this.end(step))
    } else if (step.op === 'read') await this.checkRead(step.offset, step.length)
    else if (step.op === 'cut') this.cut()
    else await this.end2(step.how)
    assert.equal(this.spool.size(this.committed.size), this.model.bytes.length)
  }

  end({ offset, length }: { offset: number; length: number }): number {
    return Math.min(offset + length, this.model.bytes.length)
  }

  async writeMapped(offset: number, length: number, seed: number): Promise<void> {
    const data = Buffer.from(this.model.bytes.subarray(offset, offset + length))
    for (let i = 0; i < data.length; i += 1 + (seed % 13)) data[i] = seed
    const before = this.spool.bytes
    const shown = await readThrough(this.content, this.spool, this.committed, offset, length)
    const page = Buffer.concat([data, Buffer.alloc(length - data.length, 9)])
    this.spool.writeMapped(offset, page, this.committed.size, shown)
    if (data.equals(this.model.bytes.subarray(offset, offset + length)))
      assert.equal(this.spool.bytes, before, 'equal bytes are no change')
    if (data.length > 0) this.model.write(offset, data)
  }

  cut(): void {
    if (this.flight) return
    this.flight = { snapshot: this.spool.cut(), bytes: Buffer.from(this.model.bytes) }
  }

  async end2(how: 'saved' | 'failed' | 'again' | 'at once'): Promise<void> {
    if (!this.flight) return
    const { snapshot, bytes } = this.flight
    this.flight = undefined
    if (how === 'failed') {
      this.store.failPut = () => new Error('no room')
      try {
        await this.content.save(this.committed, snapshot)
      } catch (error) {
        assert.match(String(error), /EIO/)
      }
      this.store.failPut = () => undefined
      this.spool.failed(snapshot)
      return
    }
    if (how === 'again') await this.content.save(this.committed, snapshot)
    const saved = how === 'at once' && this.content.saveAtOnce(this.committed, snapshot, true)
    const result = saved ? saved.result : await this.content.save(this.committed, snapshot)
    assert.equal(result.moved, false)
    assert.equal(result.size, bytes.length)
    this.committed = { content: result.content, size: result.size }
    this.committedBytes = bytes
    this.spool.saved(snapshot, result)
    const stored = await this.content.read(this.committed, 0, bytes.length + 1)
    assert.ok(Buffer.concat(stored).equals(bytes), 'what is committed is what was cut')
  }

  async checkRead(offset: number, length: number): Promise<void> {
    const seen = await readThrough(this.content, this.spool, this.committed, offset, length)
    const expected = this.model.bytes.subarray(offset, offset + length)
    assert.ok(Buffer.concat(seen).equals(expected), `bytes [${offset}, +${length}) differ`)
  }

  async finish(): Promise<void> {
    await this.checkRead(0, sizeMax * 2)
    await this.end2('saved')
    this.cut()
    await this.end2('saved')
    await this.checkRead(0, sizeMax * 2)
    assert.equal(this.spool.dirty, false)
    assert.deepEqual(this.storage.status(), { memoryBytes: 0, diskBytes: 0 })
  }

  close(): void {
    this.spool.close()
    this.storage.close()
    this.content.close()
  }
}

for (const [name, synchronous, cacheBytesMax] of [
  ['in this process', true, 1024 * 1024],
  ['elsewhere, with a cache that holds next to nothing', false, 20_000],
] as const)
  test(`any writes, truncations, holes and saves read back as a plain file does; store ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 60 }), async (all) => {
        const harness = new Harness(synchronous, cacheBytesMax)
        try {
          for (const step of all) await harness.take(step)
          await harness.finish()
        } finally {
          harness.close()
        }
      }),
      { numRuns: 120 },
    )
  })
