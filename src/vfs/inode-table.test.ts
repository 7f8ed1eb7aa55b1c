import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Inode } from '../volume/inode.js'
import { InodeTable } from './inode-table.js'

const at = { sec: 1, nsec: 0 }
const inode = (ino: number): Inode => ({
  ino,
  mode: 0o100644,
  uid: 0,
  gid: 0,
  nlink: 0,
  rdev: 0,
  size: 0,
  atime: undefined,
  mtime: at,
  ctime: at,
  btime: at,
  content: { kind: 'none' },
  target: '',
  xattrs: new Map(),
  xattrBlock: undefined,
  shared: false,
})

function table() {
  const gone: number[] = []
  return { gone, table: new InodeTable((ino) => gone.push(ino)) }
}

test('an orphan lives until the kernel has forgotten every lookup and every handle is closed', () => {
  const { gone, table: inodes } = table()
  inodes.remember(7, 3)
  inodes.use(7)
  inodes.setOrphan(inode(7))
  inodes.forget(7, 2)
  inodes.forget(7, 1)
  assert.equal(inodes.remembered, 0)
  assert.equal(inodes.orphan(7)?.ino, 7)
  assert.deepEqual(gone, [])
  inodes.unuse(7)
  assert.equal(inodes.orphan(7), undefined)
  assert.deepEqual(gone, [7])
})

test('what nobody holds is not kept, and forgetting it changes nothing', () => {
  const { gone, table: inodes } = table()
  inodes.setOrphan(inode(7))
  inodes.forget(7, 1)
  inodes.unuse(7)
  assert.equal(inodes.orphan(7), undefined)
  assert.equal(inodes.isHeld(7), false)
  assert.deepEqual(gone, [])
})

test('an inode that the kernel merely remembers is not used', () => {
  const { table: inodes } = table()
  inodes.remember(7, 1)
  assert.equal(inodes.isUsed(7), false)
  inodes.use(7)
  assert.equal(inodes.isUsed(7), true)
  inodes.unuse(7)
  assert.equal(inodes.isUsed(7), false)
  assert.equal(inodes.isHeld(7), true)
})

test('a kernel that forgets more than it was told does not end a later lookup', () => {
  const { table: inodes } = table()
  inodes.remember(7, 1)
  inodes.forget(7, 5)
  inodes.remember(7, 1)
  assert.equal(inodes.isRemembered(7), true)
  assert.equal(inodes.remembered, 1)
})

test('only an inode that never had a name may still get one', () => {
  const { table: inodes } = table()
  inodes.use(7)
  inodes.setOrphan(inode(7))
  assert.equal(inodes.isNameless(7), false)
  inodes.use(8)
  inodes.setNameless(inode(8))
  assert.equal(inodes.isNameless(8), true)
  assert.deepEqual(
    [...inodes.orphans()].map(({ ino }) => ino),
    [7, 8],
  )
  inodes.clearOrphan(8)
  assert.equal(inodes.isNameless(8), false)
  assert.equal(inodes.orphan(8), undefined)
})
