// What small appends cost, in bytes sent to the store: counted, so that a change of the policy shows.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { owner, TestBlockStore } from '../../test/support/block-store.js'
import type { ContentStore, Stored } from './content.js'
import { createSpool } from './create-spool.js'
import { openContentStore } from './open-content-store.js'
import { openSpoolStorage } from './spool-storage.js'

interface Cost {
  readonly store: TestBlockStore
  readonly content: ContentStore
  readonly file: Stored
  readonly appended: Buffer
}

/** Bytes that do not compress, the same in every run (xorshift32). */
function noise(seed: number, length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = Math.imul(seed + 1, 0x9e37_79b1)
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  return Buffer.from(words.buffer, 0, length)
}

/** Appends and saves `count` times `length` bytes, each save on its own. */
async function append(count: number, length: number): Promise<Cost> {
  const store = new TestBlockStore(true)
  const content = openContentStore({ store, owner })
  const storage = openSpoolStorage({ directory: '/nowhere' })
  const spool = createSpool(storage)
  const parts: Buffer[] = []
  let file: Stored = { content: { kind: 'none' }, size: 0 }
  for (let i = 0; i < count; i++) {
    const data = noise(i, length)
    parts.push(data)
    spool.write(0, data, file.size, true)
    const snapshot = spool.cut()
    const result = await content.save(file, snapshot)
    spool.saved(snapshot, result)
    file = { content: result.content, size: result.size }
  }
  spool.close()
  storage.close()
  return { store, content, file, appended: Buffer.concat(parts) }
}

const cases = [
  // An hour of a log with ten lines a second.
  { count: 36_000, length: 256, atMost: 2.6 },
  { count: 5000, length: 200, atMost: 2.6 },
  { count: 2000, length: 2100, atMost: 2.6 },
  { count: 500, length: 8192, atMost: 2.2 },
  { count: 100, length: 100_000, atMost: 2.1 },
]
for (const { count, length, atMost } of cases)
  test(`${count} appends of ${length} bytes cost at most ${atMost} times their bytes`, async (t) => {
    const { store, content, file, appended } = await append(count, length)
    const cost = store.bytesUploaded / appended.length
    t.diagnostic(`${cost.toFixed(2)} times, ${store.uploaded.length} blocks and manifests`)
    assert.ok(cost <= atMost, `${cost} times`)
    assert.equal(file.size, appended.length)
    const read = await content.read(file, 0, file.size)
    assert.ok(Buffer.concat(read).equals(appended))
    content.close()
  })

test('a line appended to a file of any size is put into the inode, and costs no block', async () => {
  const { store, content, file } = await append(3, 262_144)
  const before = store.uploaded.length
  const storage = openSpoolStorage({ directory: '/nowhere' })
  const spool = createSpool(storage)
  spool.write(0, Buffer.from('one more line\n'), file.size, true)
  const result = await content.save(file, spool.cut())
  assert.equal(store.uploaded.length, before)
  assert.ok(result.content.kind === 'manifest' && file.content.kind === 'manifest')
  assert.equal(result.content.hash, file.content.hash)
  assert.deepEqual(result.content.tail, Buffer.from('one more line\n'))
  content.close()
})

test('a log read cold takes few calls of the store, and few bytes more than it has', async () => {
  const { store, file, appended } = await append(4000, 256)
  const cold = new TestBlockStore()
  await cold.putBlocks(owner, store.uploaded)
  const content = openContentStore({ store: cold, owner })
  const read = await content.read(file, 0, file.size)
  assert.ok(Buffer.concat(read).equals(appended))
  assert.ok(cold.gets <= 8, `${cold.gets} calls`)
  content.close()
})
