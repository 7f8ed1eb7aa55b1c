// That mounting works is seen in test/mount; here, what it says when it does not.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ioctl } from './ioctl.js'
import { mount, umount2 } from './mount.js'

describe('mount and umount', () => {
  it('name the mount point, and what is wrong', () => {
    const expected = process.geteuid?.() === 0 ? 'ENOENT' : 'EPERM'
    assert.throws(() => mount('none', '/nowhere', 'tmpfs', 0, ''), {
      code: expected,
      message: `${expected}: mount tmpfs on /nowhere`,
    })
    assert.throws(() => umount2('/nowhere', 0), /: umount \/nowhere$/)
  })
})

describe('ioctl', () => {
  it('throws what the device says', () => {
    assert.throws(() => ioctl(-1, 0x4004e502, Buffer.alloc(4)), { code: 'EBADF' })
  })
})
