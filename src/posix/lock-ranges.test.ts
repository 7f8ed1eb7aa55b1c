import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  conflictingLock,
  F_RDLCK,
  F_UNLCK,
  F_WRLCK,
  type RangeLock,
  withRange,
} from './lock-ranges.js'

const lock = (owner: string, start: number, end: number, type: number): RangeLock => ({
  owner,
  start,
  end,
  type,
  pid: 1,
})

test('readers share, a writer excludes, an owner is never in its own way', () => {
  const held = [lock('a', 0, 9, F_RDLCK)]
  assert.equal(conflictingLock(held, lock('b', 5, 5, F_RDLCK)), undefined)
  assert.equal(conflictingLock(held, lock('b', 9, 20, F_WRLCK)), held[0])
  assert.equal(conflictingLock(held, lock('b', 10, 20, F_WRLCK)), undefined)
  assert.equal(conflictingLock(held, lock('a', 0, 9, F_WRLCK)), undefined)
})

test('unlocking the middle of a range to the end of the file leaves two', () => {
  const held = withRange([lock('a', 0, Infinity, F_WRLCK)], lock('a', 10, 19, F_UNLCK))
  assert.deepEqual(held, [lock('a', 0, 9, F_WRLCK), lock('a', 20, Infinity, F_WRLCK)])
})

test('ranges agree with a table of single bytes', () => {
  const byte = fc.integer({ min: 0, max: 15 })
  const change = fc.tuple(fc.constantFrom('a', 'b'), byte, byte, fc.constantFrom(0, 1, 2))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      let held: RangeLock[] = []
      const bytes = new Map<string, number>()
      for (const [owner, x, y, type] of changes) {
        const wanted = lock(owner, Math.min(x, y), Math.max(x, y), type)
        const other = owner === 'a' ? 'b' : 'a'
        let blocked = false
        for (let at = wanted.start; at <= wanted.end; at++) {
          const theirs = bytes.get(`${other}${at}`)
          if (type !== F_UNLCK && theirs !== undefined && (theirs === F_WRLCK || type === F_WRLCK))
            blocked = true
        }
        if (type !== F_UNLCK) assert.equal(conflictingLock(held, wanted) !== undefined, blocked)
        if (blocked) continue
        held = withRange(held, wanted)
        for (let at = wanted.start; at <= wanted.end; at++)
          if (type === F_UNLCK) bytes.delete(`${owner}${at}`)
          else bytes.set(`${owner}${at}`, type)
      }
      for (const who of ['a', 'b'])
        for (let at = 0; at < 16; at++) {
          const mine = held.filter((l) => l.owner === who && l.start <= at && at <= l.end)
          assert.equal(mine.length <= 1, true)
          assert.equal(mine[0]?.type, bytes.get(`${who}${at}`))
        }
    }),
  )
})
