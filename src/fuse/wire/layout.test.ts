import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { toNumber, upperHalf } from './layout.js'

describe('64-bit fields', () => {
  it('are numbers to 2^53, and -1 from there', () => {
    assert.equal(toNumber(0xffffffff, 0x1fffff), Number.MAX_SAFE_INTEGER)
    assert.equal(toNumber(0, 0x200000), -1)
    assert.equal(toNumber(0xffffffff, 0xffffffff), -1)
    assert.equal(toNumber(0x80000001, 0), 0x80000001)
  })

  it('are written as BigInt would write them, negative ones too', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const words = new Uint32Array(2)
        words[0] = value
        words[1] = upperHalf(value)
        assert.equal(new BigInt64Array(words.buffer)[0], BigInt(value))
      }),
    )
  })
})
