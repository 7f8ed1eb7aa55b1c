import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { BlockEncoding } from '../store/store.js'
import { DamagedBlock, hashOf, packBlock, unpackBlock } from './block-codec.js'

test('the name of a block is the SHA-256 of its plain bytes', () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  assert.equal(hashOf(Buffer.from('abc'), 'data'), abc)
  assert.equal(packBlock(Buffer.from('abc'), 'data').hash, abc)
})

test('a manifest is another block than a file with the same bytes', () => {
  const bytes = Buffer.from('abc')
  const named = hashOf(Buffer.from('cassfs manifest\0abc'), 'data')
  assert.equal(hashOf(bytes, 'manifest'), named)
  assert.throws(() => unpackBlock(named, packBlock(bytes, 'data'), 'data'), DamagedBlock)
})

test('text is compressed, and read back', () => {
  const plain = Buffer.from('define(<?php echo 1; ?>)\n'.repeat(4000))
  const block = packBlock(plain, 'data')
  assert.equal(block.encoding, BlockEncoding.lz4)
  assert.equal(block.length, plain.length)
  assert.ok(block.data.length < plain.length / 10)
  assert.deepEqual(unpackBlock(block.hash, block, 'data'), plain)
})

test('what does not shrink by a twentieth is stored as it is', () => {
  const plain = randomBytes(100_000)
  const block = packBlock(plain, 'data')
  assert.equal(block.encoding, BlockEncoding.plain)
  assert.equal(block.data, plain)
  const unpacked = unpackBlock(block.hash, block, 'data')
  assert.deepEqual(unpacked, plain)
  assert.notEqual(unpacked.buffer, plain.buffer, 'what is handed out is a copy')
  // Random but for a thirtieth of zeros.
  const nearly = Buffer.concat([randomBytes(29_000), Buffer.alloc(1000)])
  assert.equal(packBlock(nearly, 'data').encoding, BlockEncoding.plain)
})

test('a large block of which only a part is compressible is compressed', () => {
  const plain = Buffer.concat([Buffer.alloc(60_000, 'text '), randomBytes(200_000)])
  assert.equal(packBlock(plain, 'data').encoding, BlockEncoding.lz4)
})

test('damage of any kind is a DamagedBlock', () => {
  const block = packBlock(Buffer.alloc(5000, 'abcdefg'), 'data')
  const { hash } = block
  const flipped = Buffer.from(block.data)
  flipped[10] = (flipped[10] as number) ^ 1
  const huge = Buffer.from(block.data)
  huge.writeUInt32LE(0x7fff_ffff)
  const damaged = [
    { ...block, data: flipped },
    { ...block, data: huge },
    { ...block, data: huge, length: 0x7fff_ffff },
    { ...block, data: block.data.subarray(0, 20) },
    { ...block, data: Buffer.alloc(0) },
    { ...block, encoding: BlockEncoding.plain },
    { ...block, encoding: 7 as BlockEncoding },
    packBlock(Buffer.alloc(5000, 'abcdefh'), 'data'),
  ]
  for (const stored of damaged) assert.throws(() => unpackBlock(hash, stored, 'data'), DamagedBlock)
})
