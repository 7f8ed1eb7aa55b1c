import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { noise, useVolume, writeAt } from '../../../test/damage/used-volume.js'
import { runFsck } from '../../../test/support/fsck.js'
import { openTestVfs, root, writeFile } from '../../../test/vfs/test-vfs.js'
import { aroundStore } from '../../store/around-store.js'
import { openLmdbStore } from '../../store/lmdb/lmdb-store.js'
import { createMemoryStore } from '../../store/memory/memory-store.js'
import type { Store } from '../../store/store.js'

async function withLmdb(body: (store: Store) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'cassfs-fsck-'))
  const store = await openLmdbStore({ directory })
  try {
    await body(store)
  } finally {
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

const clean = { findings: [], notes: [] }

/** What an engine that lives elsewhere offers: no snapshot, but a scan of short pages, and the log. */
function elsewhere(store: Store): Store {
  const { snapshot: _, ...rest } = aroundStore(store, (_method, run) => run())
  return {
    ...rest,
    async scan(volume, after, limit) {
      await sleep(1)
      return store.scan(volume, after, Math.min(limit, 7))
    },
  }
}

async function checkUsed(store: Store): Promise<void> {
  const opened = await openTestVfs({ store })
  try {
    await useVolume(opened.vfs)
    for (const each of [store, elsewhere(store)]) {
      const { findings, notes, blocksRead } = await runFsck(each, opened.identity)
      assert.deepEqual({ findings, notes }, clean)
      assert.ok(blocksRead > 20, String(blocksRead))
    }
    const all = await runFsck(store, { ...opened.identity, readBlocks: true })
    assert.deepEqual(all.findings, [])
  } finally {
    await opened.close()
  }
  const { findings, notes } = await runFsck(store, opened.identity)
  assert.deepEqual({ findings, notes }, clean)
}

test('finds nothing in a volume after heavy use', async () => {
  await checkUsed(createMemoryStore())
  await withLmdb(checkUsed)
})

/** Changes names, sizes, directories and blocks until told to end. */
async function writeOn(opened: Awaited<ReturnType<typeof openTestVfs>>, ended: () => boolean) {
  const { vfs } = opened
  for (let n = 0; !ended(); n++) {
    const isKept = n < 40
    const dir = (await vfs.mkdir(root, 1, `d${n}`, 0o755)).ino
    const [a, b] = [writeFile(vfs, dir, 'a', `a${n}`), writeAt(vfs, dir, 'b', 0, noise(4000, n))]
    await Promise.all([a, b])
    await vfs.link(root, (await a).ino, 1, `l${n}`)
    await vfs.rename(root, dir, 'b', 1, `b${n % 5}`, 0)
    await vfs.rename(root, 1, `d${n}`, 1, `e${n}`, 0)
    if (isKept) continue
    await vfs.unlink(root, dir, 'a')
    await vfs.unlink(root, 1, `l${n}`)
    await vfs.rmdir(root, 1, `e${n}`)
  }
}

test('finds nothing in a volume that is written to at full speed', async () => {
  await withLmdb(async (store) => {
    const opened = await openTestVfs({ store })
    let isEnded = false
    const writing = writeOn(opened, () => isEnded)
    try {
      const seqs = new Set<number>()
      for (let round = 0; round < 12; round++)
        for (const each of [store, elsewhere(store)]) {
          const { findings } = await runFsck(each, { ...opened.identity, readBlocks: true })
          assert.deepEqual(findings, [])
          seqs.add((await store.readHead(opened.identity.volume))?.seq ?? 0)
        }
      assert.ok(seqs.size > 12, 'it was written to between and during the checks')
    } finally {
      isEnded = true
      await writing
      await opened.close()
    }
  })
})
