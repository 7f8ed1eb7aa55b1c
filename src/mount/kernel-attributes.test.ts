import assert from 'node:assert/strict'
import { test } from 'node:test'
import { close, root, withVfs } from '../../test/vfs/test-vfs.js'
import { O_CREAT, O_RDWR } from '../posix/open-flags.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import { rootIno } from '../volume/inode.js'
import { kernelAttributes } from './kernel-attributes.js'

test('a file with unsaved bytes shows a block, a saved one that is all hole none', async () => {
  await withVfs({ store: createMemoryStore() }, async (vfs) => {
    const { inode, handle } = await vfs.create(root, rootIno, 'f', 0o644, O_RDWR | O_CREAT)
    const blocks = async () =>
      kernelAttributes(await vfs.getattr(root, inode.ino), {}, vfs.isUnsaved(inode.ino)).blocks
    assert.equal(await blocks(), 0)
    await vfs.write(root, handle, 0, Buffer.alloc(100_000, 1))
    assert.equal(await blocks(), 1)
    await vfs.fsync(root, handle, false)
    assert.equal(await blocks(), Math.ceil(100_000 / 512))
    const other = { ...root, pid: root.pid + 1 }
    await vfs.setattr(other, inode.ino, { size: 0 })
    await vfs.setattr(other, inode.ino, { size: 100_000 })
    assert.equal(await blocks(), 0)
    await close(vfs, handle)
  })
})
