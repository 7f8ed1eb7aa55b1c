import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HandleTable } from './handles.js'
import { OpenFile } from './open-file.js'

const KiB = 1024
const MiB = 1024 * KiB

function open() {
  const file = new OpenFile(7, () => assert.fail('nothing is written'))
  return new HandleTable().openFile(file, 0, 1)
}

test('reading on and on reads ahead more and more, asked for now and then', () => {
  const handle = open()
  const asked: number[] = []
  for (let at = 0; at < 16 * MiB; at += 128 * KiB) {
    const ahead = handle.aheadBytes(at, 128 * KiB, 64 * MiB)
    if (ahead > 0) asked.push(ahead)
  }
  assert.deepEqual(asked.slice(0, 5), [256 * KiB, 512 * KiB, MiB, 2 * MiB, 4 * MiB])
  assert.ok(asked.length <= 12, `${asked.length} times`)
})

test('jumping about, and what lies at the end, is not read ahead of', () => {
  const handle = open()
  for (const at of [0, 5 * MiB, MiB, 3 * MiB])
    assert.equal(handle.aheadBytes(at, 4 * KiB, 64 * MiB), 0)
  assert.equal(handle.aheadBytes(3 * MiB + 4 * KiB, 4 * KiB, 3 * MiB + 8 * KiB), 0)
  assert.equal(handle.aheadBytes(3 * MiB + 8 * KiB, 4 * KiB, 64 * MiB), 256 * KiB)
})
