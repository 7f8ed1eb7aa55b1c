// Every notification, seen to work: what the kernel believed before, and what it asks afterwards.
// Lifetimes are long here, so that nothing is asked again by itself.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { OpcodeName } from '../../src/fuse/wire/opcodes.js'
import { Errno } from '../../src/posix/errno.js'
import { MemoryHandler } from './memory-handler.js'
import { overriding, type TestMount, until, whyNoMount, withMount } from './mounted.js'

const KEEP_CACHE = 2
const TTL_MS = 600_000
const skip = whyNoMount()
const options = { skip: skip ?? false, timeout: 30_000 }

function memory(): MemoryHandler {
  return new MemoryHandler({ ttlMs: TTL_MS, openFlags: KEEP_CACHE })
}

/** How often the kernel has asked so. */
function count(mount: TestMount, opcode: OpcodeName): number {
  return mount.frames.filter((frame) => frame.opcode === opcode).length
}

/** Runs a shell command in the mount's root; what it printed. */
function shell(mount: TestMount, command: string): Promise<string> {
  return mount.run('sh', ['-c', `cd ${mount.mountpoint} && ${command}`])
}

/** The only file that was made, and its node. */
function nodeOf(handler: MemoryHandler, ino = 2) {
  const node = handler.nodes.get(ino)
  assert.ok(node)
  return node
}

/** Skips where the kernel does not speak so new a protocol. */
function isTooOld(t: { skip(message: string): void }, mount: TestMount, minor: number): boolean {
  const isOld = (mount.connection.negotiated?.minor ?? 0) < minor
  if (isOld) t.skip(`SKIPPED: this kernel does not speak protocol 7.${minor} yet`)
  return isOld
}

describe('notifications over a mount', options, () => {
  it('INVAL_INODE makes content and attributes be asked again', async () => {
    const handler = memory()
    await withMount({ handler }, async (mount) => {
      assert.equal(await shell(mount, 'printf first > file; cat file; stat file >&2'), 'first')
      nodeOf(handler).data.write('other')
      nodeOf(handler).mode = 0o100755
      const look = 'cat file; stat -c %a file'
      const before = await shell(mount, look)
      assert.equal(before, 'first644\n', 'the kernel has all of it')
      assert.equal(await mount.notifier.invalInode(2), 0)
      assert.equal(await shell(mount, look), 'other755\n')
    })
  })

  it('INVAL_INODE with a negative offset leaves the content', async () => {
    const handler = memory()
    await withMount({ handler }, async (mount) => {
      await shell(mount, 'printf first > file; cat file')
      nodeOf(handler).data.write('other')
      nodeOf(handler).mode = 0o100755
      assert.equal(await mount.notifier.invalInode(2, -1), 0)
      assert.equal(await shell(mount, 'cat file; stat -c %a file'), 'first755\n')
    })
  })

  it('INVAL_ENTRY makes a name be looked up again, an absent one too', async () => {
    const handler = memory()
    await withMount({ handler }, async (mount) => {
      await shell(mount, 'touch file; ls file; test ! -e absent')
      const before = count(mount, 'LOOKUP')
      await shell(mount, 'ls file; test ! -e absent')
      assert.equal(count(mount, 'LOOKUP'), before)
      assert.equal(await mount.notifier.invalEntry(1, 'file'), 0)
      assert.equal(await mount.notifier.invalEntry(1, 'absent'), 0)
      await shell(mount, 'ls file; test ! -e absent')
      assert.equal(count(mount, 'LOOKUP'), before + 2)
    })
  })

  it('INVAL_ENTRY with EXPIRE_ONLY keeps what is mounted below', async (t) => {
    await withMount({ handler: memory() }, async (mount) => {
      if (isTooOld(t, mount, 38)) return
      await shell(mount, 'mkdir dir && mount -t tmpfs none dir && touch dir/inside')
      try {
        const before = count(mount, 'LOOKUP')
        assert.equal(await mount.notifier.expireEntry(1, 'dir'), 0)
        assert.equal(await shell(mount, 'ls dir'), 'inside\n')
        assert.equal(count(mount, 'LOOKUP'), before + 1)
      } finally {
        await shell(mount, 'umount dir')
      }
    })
  })

  it('INVAL_ENTRY of a name or node that the kernel does not know is ENOENT', async () => {
    await withMount({ handler: memory() }, async (mount) => {
      assert.equal(await mount.notifier.invalEntry(1, 'never seen'), Errno.ENOENT)
      assert.equal(await mount.notifier.invalInode(77), Errno.ENOENT)
      assert.deepEqual(mount.notifier.counts.failed, new Map([[Errno.ENOENT, 2]]))
      assert.equal(mount.notifier.counts.sent, 2)
    })
  })

  it('DELETE takes a name away, and kills the directory that it meant', async () => {
    await withMount({ handler: memory() }, async (mount) => {
      await shell(mount, 'mkdir dir; touch other')
      assert.equal(await mount.notifier.deleteEntry(1, 77, 'other'), Errno.ENOENT)
      const inside = 'cd dir; while mkdir x 2> /dev/null; do rmdir x; sleep 0.02; done; echo dead'
      const worker = shell(mount, inside)
      await mount.untilFrame('RMDIR')
      const before = count(mount, 'LOOKUP')
      // Its own names come and go meanwhile: a directory that is not empty is left alone.
      let errno = await mount.notifier.deleteEntry(1, 2, 'dir')
      while (errno === Errno.ENOTEMPTY) errno = await mount.notifier.deleteEntry(1, 2, 'dir')
      assert.equal(errno, 0)
      assert.equal(await worker, 'dead\n')
      await shell(mount, 'ls -d dir')
      assert.ok(count(mount, 'LOOKUP') > before)
    })
  })

  it('STORE puts content into the cache, where reads find it', async () => {
    const handler = memory()
    await withMount({ handler }, async (mount) => {
      await shell(mount, `head -c 8192 /dev/zero | tr '\\0' x > file`)
      // Opening without KEEP_CACHE empties the cache; what is stored then comes from us alone.
      assert.equal(await mount.notifier.invalInode(2), 0)
      const before = count(mount, 'READ')
      assert.equal(await mount.notifier.store(2, 0, Buffer.alloc(8192, 'y')), 0)
      assert.equal(await shell(mount, 'tr -d y < file | wc -c'), '0\n')
      assert.equal(count(mount, 'READ'), before)
      assert.equal(await mount.notifier.store(2, 0, Buffer.alloc(2 << 20)), Errno.EINVAL)
    })
  })

  it('INC_EPOCH makes every name be looked up again', async (t) => {
    await withMount({ handler: memory() }, async (mount) => {
      if (isTooOld(t, mount, 44)) return
      await shell(mount, 'touch a b c; ls a b c')
      const before = count(mount, 'LOOKUP')
      await shell(mount, 'ls a b c')
      assert.equal(count(mount, 'LOOKUP'), before)
      assert.equal(await mount.notifier.incEpoch(), 0)
      await shell(mount, 'ls a b c')
      assert.equal(count(mount, 'LOOKUP'), before + 3)
    })
  })

  it('PRUNE makes the kernel forget nodes', async (t) => {
    const handler = memory()
    await withMount({ handler }, async (mount) => {
      if (isTooOld(t, mount, 45)) return
      const names = Array.from({ length: 300 }, (_, index) => `f${index}`)
      await shell(mount, `touch ${names.join(' ')}`)
      assert.ok(nodeOf(handler).lookups > 0)
      const inodes = names.map((_, index) => index + 2)
      assert.equal(await mount.notifier.prune(inodes), 0)
      const forgotten = () => inodes.every((ino) => nodeOf(handler, ino).lookups === 0)
      await until(forgotten, () => 'lookups are left')
    })
  })

  it('RESEND brings a request that is read and not answered a second time', async (t) => {
    const handler = memory()
    let answer: (() => void) | undefined
    const slow = overriding(handler, {
      statfs: () =>
        new Promise((resolve) => {
          answer = () => resolve(handler.statfs())
        }),
    })
    await withMount({ handler: slow }, async (mount) => {
      if (isTooOld(t, mount, 40)) return
      const result = shell(mount, 'stat -f -c %l .')
      await mount.untilFrame('STATFS')
      assert.equal(await mount.notifier.resend(), 0)
      await until(
        () => count(mount, 'STATFS') === 2,
        () => 'STATFS did not come again',
      )
      const [first, second] = mount.frames.filter(({ opcode }) => opcode === 'STATFS')
      const unique = (frame: typeof first) => frame?.bytes.readBigUInt64LE(8)
      assert.equal(unique(second), (unique(first) ?? 0n) | (1n << 63n))
      answer?.()
      assert.equal(await result, '255\n')
    })
  })

  it('stay in order, and wait on a thread of their own', async () => {
    const handler = memory()
    let isHeld = false
    let release: (() => void) | undefined
    const holding = overriding(handler, {
      unlink: (...args: Parameters<MemoryHandler['unlink']>) => {
        isHeld = true
        return new Promise((resolve) => {
          release = () => resolve(handler.unlink(...args))
        })
      },
    })
    await withMount({ handler: holding }, async (mount) => {
      await shell(mount, 'touch file other')
      const removed = shell(mount, 'rm file')
      await until(
        () => isHeld,
        () => 'no UNLINK',
      )
      // The kernel holds the directory while it waits for UNLINK: this one has to wait for that.
      const order: string[] = []
      const entry = mount.notifier.invalEntry(1, 'other').then(() => order.push('entry'))
      const inode = mount.notifier.invalInode(3).then(() => order.push('inode'))
      await delay(100)
      assert.deepEqual(order, [], 'behind one that waits')
      assert.equal(mount.notifier.pending, 2)
      assert.equal(await shell(mount, 'stat -f -c %l .'), '255\n', 'the server goes on')
      release?.()
      await Promise.all([entry, inode, removed])
      assert.deepEqual(order, ['entry', 'inode'])
    })
  })

  it('that an older protocol does not know are not sent', async () => {
    await withMount({ handler: memory(), minorMax: 37 }, async ({ notifier }) => {
      assert.equal(await notifier.expireEntry(1, 'x'), Errno.ENOSYS)
      assert.equal(await notifier.resend(), Errno.ENOSYS)
      assert.equal(await notifier.incEpoch(), Errno.ENOSYS)
      assert.equal(await notifier.prune([1]), Errno.ENOSYS)
      assert.equal(notifier.counts.sent, 0)
    })
  })

  it('after the end answer ENODEV, and the thread ends', async () => {
    await withMount({ handler: memory() }, async (mount) => {
      assert.equal(await mount.notifier.invalInode(1), 0)
      await mount.unmount()
      assert.equal(await mount.notifier.invalInode(1), Errno.ENODEV)
      assert.equal(mount.notifier.pending, 0)
    })
  })
})
