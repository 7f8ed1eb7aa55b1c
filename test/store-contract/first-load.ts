import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VolumeState } from '../../src/volume/head.js'
import { EntryKind } from '../../src/volume/log-entry.js'
import type { VolumeRecord } from '../../src/volume/record.js'
import { newUuid } from '../../src/volume/uuid.js'
import {
  commitOf,
  dirent,
  inodeRecord,
  newHead,
  newVolume,
  sameRecords,
  scanAll,
  settle,
} from './fixtures.js'
import type { Opened } from './store-contract.js'

export function firstLoadTests(use: Opened): void {
  test('a first load is read back: head, records, no log', async () => {
    const { store } = use()
    const lease = { holder: newUuid(), journal: newUuid(), grantSeq: 7, recallSeq: 8 }
    const records = [dirent(1, 'a', 2), inodeRecord(1)]
    const change = {
      seq: 9,
      usedBytes: 2 ** 40,
      usedInodes: 2,
      quotaBytes: 2 ** 50,
      quotaInodes: 3,
    }
    const at = await newVolume(store, records, { ...change, lease })
    assert.deepEqual(await store.readHead(at.volume), at.head)
    sameRecords(await scanAll(store, at.volume), records)
    assert.deepEqual(await store.readLog(at.volume, 0, 10), [])
  })

  test('a volume that was never loaded is absent, not empty', async () => {
    const { store } = use()
    const volume = newUuid()
    assert.equal(await store.readHead(volume), undefined)
    const commit = commitOf({ volume, owner: newUuid(), head: newHead() })
    assert.deepEqual(await settle(store, commit), { kind: 'refused', head: undefined })
    assert.deepEqual((await store.scan(volume, undefined, 10)).records, [])
  })

  test('a first load given up half-way leaves no volume', async () => {
    const { store } = use()
    const [volume, owner] = [newUuid(), newUuid()]
    async function* torn(): AsyncGenerator<readonly VolumeRecord[]> {
      yield [dirent(1, 'a', 2), inodeRecord(1)]
      throw new TypeError('the source failed')
    }
    await assert.rejects(store.firstLoad(volume, owner, torn(), newHead()))
    assert.equal(await store.readHead(volume), undefined)
    const commit = commitOf({ volume, owner, head: newHead() })
    assert.deepEqual(await settle(store, commit), { kind: 'refused', head: undefined })
  })

  test('a first load of many pages', async () => {
    const { store } = use()
    const records = Array.from({ length: 3000 }, (_, i) => {
      const name = String(i).padStart(5, '0')
      return dirent(1 + Math.floor(i / 1000), name, i + 10)
    })
    async function* pages(): AsyncGenerator<readonly VolumeRecord[]> {
      for (let i = 0; i < records.length; i += 700) yield records.slice(i, i + 700)
    }
    for (let attempt = 0; ; attempt++) {
      const volume = newUuid()
      const loaded = await store.firstLoad(volume, newUuid(), pages(), newHead()).then(
        () => true,
        (error) => attempt > 100 && Promise.reject(error),
      )
      if (!loaded) continue
      sameRecords(await scanAll(store, volume, 999), records)
      return
    }
  })

  test('a volume being loaded takes nothing but a void entry', async () => {
    const { store } = use()
    const at = await newVolume(store, [inodeRecord(1)], { state: VolumeState.loading })
    const refused = await settle(store, commitOf(at, { puts: [dirent(1, 'a', 2)] }))
    assert.equal(refused.kind, 'refused')
    assert.equal(refused.kind === 'refused' && refused.head?.seq, 0)
    const outcome = await settle(store, commitOf(at, { kind: EntryKind.void }))
    assert.deepEqual(outcome, { kind: 'applied' })
    assert.equal((await store.readHead(at.volume))?.state, VolumeState.loading)
  })
}
