import assert from 'node:assert/strict'
import { closeSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { root, withVfs, writeFile } from '../../test/vfs/test-vfs.js'
import type { Request } from '../fuse/handler.js'
import { Notifier } from '../fuse/notify.js'
import { OpenReplyFlag } from '../fuse/wire/flags.js'
import { createMemoryStore } from '../store/memory/memory-store.js'
import { systemClock } from '../volume/clock.js'
import { rootIno } from '../volume/inode.js'
import { BridgeContext } from './bridge-context.js'
import { fileCalls } from './bridge-files.js'
import { createInvalidations } from './invalidations.js'

/** What an open for reading is answered while the kernel is told of the file, by way of a device opened so. */
async function keepsPages(flags: 'r' | 'w'): Promise<boolean[]> {
  const kept: boolean[] = []
  const fd = openSync('/dev/null', flags)
  const onError = (error: Error) => assert.fail(error)
  const notifier = new Notifier({ fd, negotiated: () => undefined, onError })
  const invalidations = createInvalidations(() => notifier, systemClock)
  await withVfs({ store: createMemoryStore() }, async (vfs) => {
    await writeFile(vfs, rootIno, 'f', 'bytes')
    const ino = (await vfs.lookup(root, rootIno, 'f'))?.ino ?? assert.fail()
    const context = new BridgeContext({
      vfs,
      mount: '00000000-0000-0000-0000-000000000001',
      lifetimeMs: 1000,
      negativeLifetimeMs: 1000,
      present: {},
      withoutOpendir: false,
      directWrites: false,
      settled: (of) => invalidations.settled(of),
    })
    const onReplyFailed = () => undefined
    const request = { nodeid: ino, unique: 1, uid: 0, gid: 0, pid: 1, onReplyFailed }
    invalidations.invalidate({ names: [], inodes: [{ ino, content: true }], reloaded: false })
    for (let times = 0; times < 2; times++) {
      const open = fileCalls(context).open?.(request as unknown as Request, { flags: 0 } as never)
      const opened = await open
      assert.ok(typeof opened === 'object')
      kept.push(((opened.openFlags ?? 0) & OpenReplyFlag.KEEP_CACHE) !== 0)
      await vfs.release(root, opened.fh)
    }
  })
  invalidations.close()
  await notifier.close(1000)
  closeSync(fd)
  return kept
}

test('a file is opened with the pages that the kernel has once it has dropped the old ones', async () => {
  assert.deepEqual(await keepsPages('w'), [true, true])
})

test('without them where it is not known whether it has', async () => {
  assert.deepEqual(await keepsPages('r'), [false, false])
})
