import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { hashOf, unpackBlock } from './block-codec.js'
import { openBlockPacker } from './block-packer.js'

function owned(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}

test('small blocks are packed at once, large ones in threads, with the same result', async () => {
  const packer = openBlockPacker({ threads: 2, syncBytesMax: 1000 })
  try {
    const small = packer.pack(owned(Buffer.from('abc')), 'data')
    assert.ok(!(small instanceof Promise))
    const plains = Array.from({ length: 20 }, (_, i) =>
      i % 2 === 0 ? randomBytes(50_000) : Buffer.alloc(50_000, `text ${i}`),
    )
    const kinds = plains.map((_, i) => (i % 3 === 0 ? ('manifest' as const) : ('data' as const)))
    const packing = plains.map((plain, i) => packer.pack(owned(plain), kinds[i] ?? 'data'))
    assert.ok(packing.every((one) => one instanceof Promise))
    for (const [i, { plain, block }] of (await Promise.all(packing)).entries()) {
      const kind = kinds[i] ?? 'data'
      assert.deepEqual(plain, plains[i])
      assert.equal(block.hash, hashOf(plain, kind))
      assert.deepEqual(unpackBlock(block.hash, block, kind), plains[i])
    }
  } finally {
    packer.close()
  }
})

test('closing rejects what is under way, and later blocks are packed at once', async () => {
  const packer = openBlockPacker({ threads: 1, syncBytesMax: 1000 })
  const underWay = packer.pack(owned(randomBytes(100_000)), 'data')
  packer.close()
  await assert.rejects(Promise.resolve(underWay), /the packer was closed/)
  assert.ok(!(packer.pack(owned(randomBytes(100_000)), 'data') instanceof Promise))
})
