import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestVfs, root, user } from '../../test/vfs/test-vfs.js'
import { createUnreliableStore } from '../../test/vfs/unreliable-store.js'
import { O_CREAT, O_RDWR } from '../posix/open-flags.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import { rootIno } from '../volume/inode.js'

test('a chown that takes the set-group-id bit leaves a chmod that another mount made before', async () => {
  const memory = createMemoryStore()
  const line = () => createUnreliableStore(memory, { seed: 1, remote: true })
  const vfs = { checkPermissions: false }
  const a = await openTestVfs({ store: line(), vfs })
  const b = await openTestVfs({ store: line(), identity: a.identity, vfs })
  try {
    const { inode, handle } = await a.vfs.create(root, rootIno, 'f', 0o644, O_RDWR | O_CREAT)
    await a.vfs.release(root, handle)
    await a.vfs.setattr(root, inode.ino, { uid: 1000, gid: 5000 })
    await a.vfs.setattr(root, inode.ino, { mode: 0o2644 })
    await b.replica.poll()
    await b.vfs.setattr(root, inode.ino, { mode: 0o2600 })
    const owner = { ...user(1000), findGroups: () => [1000] }
    await a.vfs.setattr(owner, inode.ino, { gid: 1000 })
    assert.equal((await a.vfs.getattr(root, inode.ino)).mode & 0o7777, 0o600)
  } finally {
    await a.close()
    await b.close()
  }
})
