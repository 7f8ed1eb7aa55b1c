/** Each kind of damage, made by hand in an embedded store: fsck finds it, in the right words, and nothing else. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.js'
import type { EmptyVolume } from '../simulation/empty-volume.js'
import { runFsck } from '../support/fsck.js'
import { openTestVfs } from '../vfs/test-vfs.js'
import { damageStore } from './raw-store.js'
import { storeDamages } from './store-damages.js'
import { treeDamages } from './tree-damages.js'
import { noise, useVolume, writeAt } from './used-volume.js'

let scratch = ''
let identity: EmptyVolume

before(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'cassfs-damage-'))
  const store = await openLmdbStore({ directory: join(scratch, 'sound') })
  const opened = await openTestVfs({ store })
  identity = opened.identity
  await useVolume(opened.vfs)
  await writeAt(opened.vfs, 1, 'twin', 0, noise(5000, 1))
  await opened.close()
  await store.close()
})
after(() => rmSync(scratch, { recursive: true, force: true }))

for (const [index, [name, damage, expected]] of [...treeDamages, ...storeDamages].entries())
  test(`fsck finds ${name}`, async () => {
    const directory = join(scratch, `damage-${index}`)
    cpSync(join(scratch, 'sound'), directory, { recursive: true })
    await damageStore(directory, identity, damage)
    const store = await openLmdbStore({ directory, housekeeping: false })
    try {
      const { findings } = await runFsck(store, identity)
      const isSame = (found: string, at: number) => {
        const wanted = expected[at]
        return typeof wanted === 'string' ? found === wanted : wanted?.test(found)
      }
      const sorted = [...findings].sort()
      assert.ok(sorted.length === expected.length && sorted.every(isSame), sorted.join('\n'))
    } finally {
      await store.close()
      rmSync(directory, { recursive: true })
    }
  })

test('fsck finds nothing in the store that the others are made of', async () => {
  const store = await openLmdbStore({ directory: join(scratch, 'sound'), housekeeping: false })
  try {
    assert.deepEqual((await runFsck(store, identity)).findings, [])
    assert.deepEqual((await runFsck(store, { ...identity, readBlocks: true })).findings, [])
  } finally {
    await store.close()
  }
})
