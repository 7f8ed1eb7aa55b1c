import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trimWhenQuiet } from './quiet-memory.js'

test('memory is given back once behind each burst, when next to nothing comes any more', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let [requests, trims] = [0, 0]
  const stop = trimWhenQuiet(
    () => requests,
    () => trims++,
  )
  const after = (count: number) => {
    requests += count
    t.mock.timers.tick(5000)
    return trims
  }
  assert.equal(after(900), 0, 'no burst yet')
  assert.equal(after(0), 0)
  assert.equal(after(8000), 0, 'in the middle of one')
  assert.equal(after(20), 1)
  assert.equal(after(0), 1, 'a second time for the same')
  assert.equal(after(5000), 1)
  assert.equal(after(0), 2)
  stop()
  after(5000)
  assert.equal(after(0), 2, 'after its end')
})
