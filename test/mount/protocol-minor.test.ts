// A real mount in older versions of the protocol: the kernel is told a lower minor and offered
// fewer flags, and then behaves as an older one does.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { InitFlag } from '../../src/fuse/handler.js'
import { MemoryHandler } from './memory-handler.js'
import { whyNoMount, withMount } from './mounted.js'

const skip = whyNoMount()

const SINCE_36: InitFlag[] = [
  'CREATE_SUPP_GROUP',
  'DIRECT_IO_ALLOW_MMAP',
  'HAS_EXPIRE_ONLY',
  'HAS_RESEND',
]
const SINCE_31: InitFlag[] = [
  ...SINCE_36,
  'EXPLICIT_INVAL_DATA',
  'HANDLE_KILLPRIV_V2',
  'SETXATTR_EXT',
  'INIT_EXT',
]

const WORK = `
  mkdir dir && echo content > dir/file && ln dir/file link && ln -s dir/file symbolic
  cat symbolic && mv link moved && chmod 600 moved && truncate -s 3 moved && cat moved && echo
  stat -c '%a %s %h' moved && rm moved && rm -r dir && rm symbolic && ls -A | wc -l`

describe('an older protocol', { skip: skip ?? false, timeout: 60_000 }, () => {
  const versions: [number, InitFlag[]][] = [
    [31, SINCE_31],
    [36, SINCE_36],
    [40, []],
  ]
  for (const [minor, dontAsk] of versions) {
    it(`7.${minor} does all ordinary work`, async () => {
      const handler = new MemoryHandler({ ttlMs: 1000 })
      await withMount({ handler, minorMax: minor, dontAsk }, async (mount) => {
        assert.equal(mount.connection.negotiated?.minor, minor)
        const said = await mount.run('sh', ['-ec', `cd ${mount.mountpoint}; ${WORK}`])
        assert.equal(said, 'content\ncon\n600 3 2\n0\n')
        assert.deepEqual(mount.complaints, [])
      })
    })
  }
})
