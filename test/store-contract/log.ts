import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apply, dirent, newVolume } from './fixtures.js'
import type { Opened } from './store-contract.js'

export function logTests(use: Opened): void {
  test('the log is read in order, from anywhere, in pages', async () => {
    const { store, other } = use()
    let at = await newVolume(store)
    const requests: string[] = []
    for (let i = 0; i < 9; i++) {
      at = await apply(store, at, { puts: [dirent(1, `f${i}`, i + 2)] })
      requests.push(at.head.request)
    }
    const all = await other.readLog(at.volume, 0, 100)
    assert.deepEqual(
      all.map((entry) => [entry.seq, entry.request]),
      requests.map((request, i) => [i + 1, request]),
    )
    const page = await store.readLog(at.volume, 4, 3)
    assert.deepEqual(
      page.map((entry) => entry.seq),
      [5, 6, 7],
    )
    assert.deepEqual(await store.readLog(at.volume, 9, 3), [])
    assert.deepEqual(await store.readLog(at.volume, 50, 3), [])
  })

  test('entries form a chain', async () => {
    const { store } = use()
    const start = await newVolume(store)
    let at = start
    for (let i = 0; i < 5; i++) at = await apply(store, at)
    let previous = start.head.request
    for (const entry of await store.readLog(at.volume, 0, 100)) {
      assert.equal(entry.previousRequest, previous)
      previous = entry.request
    }
  })

  test('a follower that reads while others commit misses nothing and sees no entry twice', async () => {
    const { store, other } = use()
    const start = await newVolume(store)
    let done = false
    const write = async () => {
      let at = start
      for (let i = 0; i < 40; i++)
        at = await apply(store, at, { puts: [dirent(1, `f${i}`, i + 2)] })
      done = true
    }
    const follow = async () => {
      let last = 0
      while (last < 40) {
        const wasDone = done
        const entries = await other.readLog(start.volume, last, 7)
        for (const entry of entries) {
          if (entry.seq !== last + 1) break
          last = entry.seq
        }
        if (wasDone && entries.length === 0) break
        await new Promise((resolve) => setImmediate(resolve))
      }
      return last
    }
    const [last] = await Promise.all([follow(), write()])
    assert.equal(last, 40)
  })

  test('an expired log shows as a gap, not as an end', async (t) => {
    const { store, expireLog } = use()
    if (!expireLog) return t.skip('this engine cannot be made to forget by hand')
    let at = await newVolume(store)
    for (let i = 0; i < 6; i++) at = await apply(store, at)
    await expireLog(at.volume, 4)
    const rest = await store.readLog(at.volume, 1, 10)
    assert.deepEqual(
      rest.map((entry) => entry.seq),
      [5, 6],
    )
    await expireLog(at.volume, 6)
    assert.deepEqual(await store.readLog(at.volume, 1, 10), [])
    assert.equal((await store.readHead(at.volume))?.seq, 6)
    at = await apply(store, at)
    const [entry] = await store.readLog(at.volume, 1, 10)
    assert.equal(entry?.seq, 7)
  })
}
