import assert from 'node:assert/strict'
import { test } from 'node:test'
import { close, openTestVfs, root, withVfs, writeFile } from '../../test/vfs/test-vfs.js'
import type { Request } from '../fuse/handler.js'
import { Errno, FsError } from '../posix/errno.js'
import { O_CREAT, O_RDWR } from '../posix/open-flags.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import type { Vfs } from '../vfs/vfs.js'
import { rootIno } from '../volume/inode.js'
import { BridgeContext } from './bridge-context.js'
import { directoryCalls } from './bridge-directories.js'

const request = {
  nodeid: rootIno,
  unique: 1,
  uid: 0,
  gid: 0,
  pid: 1,
  onReplyFailed: () => undefined,
} as unknown as Request

function calls(vfs: Vfs, lifetimeMs: number) {
  const options = {
    vfs,
    mount: '00000000-0000-0000-0000-000000000001',
    lifetimeMs,
    negativeLifetimeMs: lifetimeMs,
    present: {},
    withoutOpendir: false,
    directWrites: false,
    settled: () => undefined,
  }
  return directoryCalls(new BridgeContext(options))
}

test('without lifetimes the kernel keeps no listing', async () => {
  await withVfs({ store: createMemoryStore() }, async (vfs) => {
    for (const [lifetimeMs, isKept] of [
      [0, false],
      [1000, true],
    ] as const) {
      const opened = await calls(vfs, lifetimeMs).opendir?.(request, { flags: 0, openFlags: 0 })
      assert.ok(typeof opened === 'object')
      assert.equal((opened.openFlags ?? 0) !== 0, isKept)
      vfs.releasedir(root, opened.fh)
    }
  })
})

test('fsync of a directory that was not opened waits for names, not for files', async () => {
  await withVfs({ store: createMemoryStore() }, async (vfs, { replica }) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, O_RDWR | O_CREAT)
    await vfs.write(root, handle, 0, Buffer.from('x'))
    await calls(vfs, 1000).fsyncdir?.(request, { fh: 0, datasync: false })
    assert.equal(replica.inode(inode.ino)?.size, 0)
    assert.equal(vfs.status().openHandles, 1)
    await close(vfs, handle)
  })
})

test('a listing that fails takes back what it looked up', async () => {
  const { vfs, close } = await openTestVfs({ store: createMemoryStore() })
  try {
    await writeFile(vfs, rootIno, 'a', '')
    await writeFile(vfs, rootIno, 'b', '')
    const handle = await vfs.opendir(root, rootIno)
    let added = 0
    const list = {
      add: () => {
        if (++added === 4) throw new FsError(Errno.EIO)
        return true
      },
    }
    const args = { fh: handle, offset: 0, size: 4096, flags: 0 }
    const listing = async () => calls(vfs, 1000).readdirplus?.(request, args, list as never)
    await assert.rejects(listing, FsError)
    assert.equal(added, 4)
    assert.equal(vfs.status().inodesRemembered, 0)
    vfs.releasedir(root, handle)
  } finally {
    await close()
  }
})
