import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  aclAllows,
  aclInherited,
  aclIsMode,
  aclMode,
  aclWithMode,
  decodeAcl,
  encodeAcl,
} from './acl.js'
import { Errno, FsError } from './errno.js'

// setfacl -m u:1000:rwx,g:50:r-x on a file of mode 0640, as getfattr -e hex shows it.
const bytes = Buffer.from(
  `02000000 01000600ffffffff 02000700e8030000 04000400ffffffff
   0800050032000000 10000700ffffffff 20000000ffffffff`.replace(/\s/g, ''),
  'hex',
)
const isErrno = (errno: number) => (error: unknown) =>
  error instanceof FsError && error.errno === errno

function acl() {
  const decoded = decodeAcl(bytes)
  assert.ok(decoded)
  return decoded
}

test('an ACL of the kernel is read, shown as mode bits, and written as it was', () => {
  assert.equal(aclMode(acl()), 0o670)
  assert.equal(aclIsMode(acl()), false)
  assert.deepEqual(Buffer.from(encodeAcl(acl())), bytes)
})

test('chmod changes the mask, not the named entries', () => {
  const changed = aclWithMode(acl(), 0o604)
  assert.equal(aclMode(changed), 0o604)
  assert.deepEqual(
    changed.map(({ permissions }) => permissions),
    [6, 7, 4, 5, 0, 4],
  )
})

test('the mask limits named users, the owning group and named groups, never owner and others', () => {
  const file = { mode: 0o100640, uid: 1, gid: 2 }
  const masked = aclWithMode(acl(), 0o640)
  const may = (uid: number, gid: number, mask: number) =>
    aclAllows(masked, { uid, gid, groups: [] }, file, mask)
  assert.equal(may(1, 9, 6), true)
  assert.equal(may(1000, 9, 4), true)
  assert.equal(may(1000, 9, 2), false)
  assert.equal(may(9, 50, 4), true)
  assert.equal(may(9, 50, 1), false)
  assert.equal(may(9, 2, 4), true)
  assert.equal(may(9, 9, 4), false)
})

test('a member of a group that grants nothing is not one of the others', () => {
  const open = decodeAcl(
    Buffer.from(
      '02000000 01000600ffffffff 04000000ffffffff 20000700ffffffff'.replace(/\s/g, ''),
      'hex',
    ),
  )
  assert.ok(open && aclIsMode(open))
  const file = { mode: 0o100607, uid: 1, gid: 2 }
  assert.equal(aclAllows(open, { uid: 9, gid: 2 }, file, 4), false)
  assert.equal(aclAllows(open, { uid: 9, gid: 9, groups: [2] }, file, 4), false)
  assert.equal(aclAllows(open, { uid: 9, gid: 9 }, file, 4), true)
})

test('what is created under a default ACL gets nothing that its mode lacks', () => {
  const { acl: inherited, mode } = aclInherited(acl(), 0o100666)
  assert.equal(mode, 0o100660)
  assert.equal(aclMode(inherited), 0o660)
})

test('damaged and incomplete lists are refused', () => {
  const reject = (hex: string, errno: number) =>
    assert.throws(() => decodeAcl(Buffer.from(hex.replace(/\s/g, ''), 'hex')), isErrno(errno))
  reject('020000', Errno.EINVAL)
  reject('01000000', Errno.EOPNOTSUPP)
  reject('02000000 0100', Errno.EINVAL)
  reject('02000000 01000600ffffffff', Errno.EINVAL)
  reject(
    '02000000 01000600ffffffff 02000700e8030000 04000400ffffffff 20000000ffffffff',
    Errno.EINVAL,
  )
  reject('02000000 04000600ffffffff 01000400ffffffff 20000000ffffffff', Errno.EINVAL)
  reject('02000000 01000800ffffffff 04000400ffffffff 20000000ffffffff', Errno.EINVAL)
  assert.equal(decodeAcl(Buffer.alloc(0)), undefined)
  assert.equal(decodeAcl(Buffer.from('02000000', 'hex')), undefined)
})
