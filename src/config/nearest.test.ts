import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editDistance, nearestNames } from './nearest.js'

test('a swap of two letters, an insertion and a replacement cost one each', () => {
  assert.equal(editDistance('status', 'status'), 0)
  assert.equal(editDistance('statsu', 'status'), 1)
  assert.equal(editDistance('stats', 'status'), 1)
  assert.equal(editDistance('stazus', 'status'), 1)
  assert.equal(editDistance('', 'abc'), 3)
  assert.equal(editDistance('abc', ''), 3)
})

test('the nearest names come first, far ones not at all', () => {
  const names = ['status', 'stat', 'umount', 'mount', 'ls']
  assert.deepEqual(nearestNames('statsu', names), ['status', 'stat'])
  assert.deepEqual(nearestNames('mout', names), ['mount'])
  assert.deepEqual(nearestNames('PROD', ['prod', 'staging']), ['prod'])
  assert.deepEqual(nearestNames('frobnicate', names), [])
})

test('a beginning finds the whole name', () => {
  assert.deepEqual(nearestNames('stag', ['staging', 'prod']), ['staging'])
})
