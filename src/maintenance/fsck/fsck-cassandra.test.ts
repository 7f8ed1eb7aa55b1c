import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { noise, writeAt } from '../../../test/damage/used-volume.js'
import {
  cassandraMissing,
  openTestCassandra,
  type TestCassandra,
} from '../../../test/support/cassandra.js'
import { openTestStore, type TestStore } from '../../../test/support/cassandra-store.js'
import { runFsck } from '../../../test/support/fsck.js'
import { openTestVfs, root, type TestVfs, writeFile } from '../../../test/vfs/test-vfs.js'

const missing = await cassandraMissing()
const windowBytes = 256 * 1024

describe('fsck on Cassandra', { skip: missing ?? false }, () => {
  let cassandra: TestCassandra
  let opened: TestStore
  let vfs: TestVfs

  before(async () => {
    cassandra = await openTestCassandra()
    opened = await openTestStore(cassandra.server)
    vfs = await openTestVfs({ store: opened.store })
    const dir = (await vfs.vfs.mkdir(root, 1, 'dir', 0o755)).ino
    await writeAt(vfs.vfs, dir, 'block', 0, noise(5000, 1))
    await writeAt(vfs.vfs, dir, 'big', 0, noise(3 * windowBytes, 2))
    const shared = await writeAt(vfs.vfs, dir, 'shared', 0, noise(4000, 3))
    await vfs.vfs.link(root, shared, dir, 'other')
    await writeFile(vfs.vfs, dir, 'small', 'few bytes')
  })
  after(async () => {
    await vfs?.close()
    await opened?.close()
    await cassandra?.close()
  })

  test('a volume that is written to meanwhile is sound, for few queries', async () => {
    let isEnded = false
    const writing = (async () => {
      for (let n = 0; !isEnded; n++) {
        const dir = (await vfs.vfs.mkdir(root, 1, `d${n}`, 0o755)).ino
        await writeAt(vfs.vfs, dir, 'f', 0, noise(3000, n))
        await vfs.vfs.rename(root, dir, 'f', 1, `f${n % 3}`, 0)
        await vfs.vfs.rmdir(root, 1, `d${n}`)
      }
    })()
    try {
      for (let round = 0; round < 5; round++) {
        const { findings, notes } = await runFsck(opened.store, vfs.identity)
        assert.deepEqual({ findings, notes }, { findings: [], notes: [] })
      }
    } finally {
      isEnded = true
      await writing
    }
    opened.traces.length = 0
    const { findings, blocksRead, inodes } = await runFsck(opened.store, vfs.identity)
    assert.deepEqual([findings, inodes], [[], 9])
    // Blocks: their lengths, then their bytes, and one manifest; besides these a fixed number.
    assert.ok(opened.traces.length < 2 * blocksRead + 15, `${opened.traces.length} queries`)
    assert.deepEqual(
      await opened.store.listLeases(`session/${vfs.identity.volume}/`).then((all) => all.length),
      1,
    )
  })

  test('damage is found: a block that is gone, one with other bytes, a record cut short', async () => {
    const { client } = opened
    const { owner } = vfs.identity
    const rows = (await client.execute('SELECT o, h, len, d FROM blocks')).rows
    const big = rows.find(({ len }) => len === windowBytes)
    const block = rows.find(({ len }) => len === 5000)
    assert.ok(big && block, owner)
    await client.execute('DELETE FROM blocks WHERE o = ? AND h = ?', [big.o, big.h])
    const changed = Buffer.from(block.d as Buffer)
    changed[7] = (changed[7] ?? 0) ^ 1
    await client.execute('UPDATE blocks SET d = ? WHERE o = ? AND h = ?', [
      changed,
      block.o,
      block.h,
    ])
    const records = (await client.execute('SELECT vol, shard, k, p, n, a FROM ns')).rows
    const small = records.find(({ n }) => (n as Buffer).toString() === 'small')
    assert.ok(small)
    const key = [small.vol, small.shard, small.k, small.p, small.n]
    const where = 'WHERE vol = ? AND shard = ? AND k = ? AND p = ? AND n = ?'
    await client.execute(`UPDATE ns SET a = ? ${where}`, [
      (small.a as Buffer).subarray(0, 9),
      ...key,
    ])
    const { findings } = await runFsck(opened.store, vfs.identity)
    assert.deepEqual([...findings].sort(), [
      'block /dir/big: block H is missing',
      'block /dir/block: block H cannot be read: block H holds other bytes',
      'record /dir/small: damaged dirent: it ends after 9 bytes, 1 more are expected',
    ])
  })
})
