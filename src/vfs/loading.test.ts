// A vfs over a large volume while that is still being loaded, directory by directory.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withCalls } from '../../test/simulation/replica-fixture.js'
import {
  isErrno,
  openTestVfs,
  readFile,
  root,
  type TestVfs,
  writeFile,
} from '../../test/vfs/test-vfs.js'
import { Errno } from '../posix/errno.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import type { Store } from '../store/store.js'
import { rootIno } from '../volume/inode.js'
import { RecordKind } from '../volume/record.js'
import { resolvePath } from './resolve-path.js'

/** What a mount sees of `store` that loads nothing but the directories it is asked for. */
function slow(store: Store): Store {
  const scan: Store['scan'] = (volume, after, limit) =>
    after?.kind === RecordKind.inode
      ? store.scan(volume, after, limit)
      : new Promise(() => undefined)
  return withCalls(store, { tables: undefined, scan })
}

async function withLoading(body: (vfs: TestVfs['vfs']) => Promise<void>): Promise<void> {
  const store = createMemoryStore()
  const first = await openTestVfs({ store })
  const dir = await first.vfs.mkdir(root, rootIno, 'dir', 0o755)
  const sub = await first.vfs.mkdir(root, dir.ino, 'sub', 0o755)
  await writeFile(first.vfs, sub.ino, 'file', 'content')
  for (let count = 0; count < 20; count++) await first.vfs.mkdir(root, sub.ino, `d${count}`, 0o755)
  const file = await first.vfs.lookup(root, sub.ino, 'file')
  await first.vfs.link(root, file?.ino as number, dir.ino, 'linked')
  await first.close()
  const second = await openTestVfs({
    store: slow(store),
    identity: first.identity,
    replica: { limits: { wholeInodesMax: 0, pageSize: 7 } },
  })
  try {
    await body(second.vfs)
    assert.ok(second.replica.isLoading)
  } finally {
    await second.close()
  }
}

test('paths are walked, files read, absent names absent', async () => {
  await withLoading(async (vfs) => {
    const linked = await resolvePath(vfs, root, '/dir/linked', true)
    const file = await resolvePath(vfs, root, '/dir/sub/file', true)
    assert.equal(linked.ino, file.ino)
    assert.equal(linked.nlink, 2)
    const { ino } = await resolvePath(vfs, root, '/dir/sub', true)
    assert.equal(await readFile(vfs, ino, 'file'), 'content')
    await assert.rejects(resolvePath(vfs, root, '/dir/none', true), isErrno(Errno.ENOENT))
  })
})

test('a listing gives each entry once, although it had to begin anew', async () => {
  await withLoading(async (vfs) => {
    const { ino } = await resolvePath(vfs, root, '/dir/sub', true)
    const handle = await vfs.opendir(root, ino)
    const names: string[] = []
    await vfs.readdir(root, handle, 0, ({ name }) => names.push(name) > 0)
    assert.equal(names.length, 23)
    assert.equal(new Set(names).size, 23)
  })
})

test('changes check what was never read', async () => {
  await withLoading(async (vfs) => {
    const dir = await resolvePath(vfs, root, '/dir', true)
    const sub = await resolvePath(vfs, root, '/dir/sub', true)
    await assert.rejects(async () => vfs.rmdir(root, dir.ino, 'sub'), isErrno(Errno.ENOTEMPTY))
    await vfs.rename(root, dir.ino, 'linked', sub.ino, 'd3x', 0)
    await assert.rejects(
      async () => vfs.rename(root, rootIno, 'dir', sub.ino, 'circle', 0),
      isErrno(Errno.EINVAL),
    )
    await writeFile(vfs, sub.ino, 'new', 'text')
    assert.equal(await readFile(vfs, sub.ino, 'new'), 'text')
    await vfs.unlink(root, sub.ino, 'file')
    assert.equal((await resolvePath(vfs, root, '/dir/sub/d3x', true)).nlink, 1)
  })
})
