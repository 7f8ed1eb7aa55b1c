// PASSTHROUGH: the kernel reads a backing file itself.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { closeBacking, openBacking } from '../../src/fuse/backing.js'
import type { OpenArguments, Request } from '../../src/fuse/handler.js'
import { OpenReplyFlag } from '../../src/fuse/wire/flags.js'
import { MemoryHandler } from './memory-handler.js'
import { overriding, whyNoMount, withFile, withMount } from './mounted.js'

const skip = whyNoMount()

describe('a backing file', { skip: skip ?? false, timeout: 30_000 }, () => {
  it('is read without a READ', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'cassfs-backing-'))
    writeFileSync(join(directory, 'backing'), 'from the backing file')
    const inner = new MemoryHandler({ ttlMs: 0 })
    let backingId = 0
    const handler = overriding(inner, {
      open: (request: Request, args: OpenArguments) => {
        const { fh } = inner.open(request, args)
        return { fh, openFlags: OpenReplyFlag.PASSTHROUGH, backingId }
      },
    })
    try {
      await withMount({ handler, ask: ['PASSTHROUGH'] }, async (mount) => {
        if (!mount.connection.negotiated?.flags.has('PASSTHROUGH')) {
          t.skip('SKIPPED: this kernel does not offer PASSTHROUGH')
          return
        }
        backingId = withFile(join(directory, 'backing'), 'r', (fd) => openBacking(mount.fd, fd))
        assert.ok(backingId > 0)
        const path = join(mount.mountpoint, 'file')
        await mount.run('sh', ['-c', `truncate -s 21 ${path}`])
        assert.equal(await mount.run('cat', [path]), 'from the backing file')
        assert.ok(!mount.frames.some(({ opcode }) => opcode === 'READ'))
        closeBacking(mount.fd, backingId)
        assert.throws(() => closeBacking(mount.fd, backingId), /ENOENT/)
      })
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('needs PASSTHROUGH to be settled', async () => {
    await withMount({ handler: new MemoryHandler({ ttlMs: 0 }) }, async (mount) => {
      assert.throws(() => withFile('/dev/null', 'r', (fd) => openBacking(mount.fd, fd)), /EPERM/)
    })
  })
})
