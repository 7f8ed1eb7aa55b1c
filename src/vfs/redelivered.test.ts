// A request that an earlier process of the mount has carried out, delivered again to the one that serves on.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import { remote } from '../../test/simulation/replica-fixture.js'
import { isErrno, openTestVfs, root } from '../../test/vfs/test-vfs.js'
import { Errno } from '../posix/errno.js'
import { aroundStore } from '../store/around-store.js'
import type { Store } from '../store/store.js'
import { rootIno } from '../volume/inode.js'

const mount = randomUUID()
const request = (unique: number) => ({ ...root, answers: { mount, unique } })

/** Each commit waits for `before`. */
function delayed(store: Store, before: () => Promise<unknown> | undefined): Store {
  return aroundStore(store, async (method, run) => {
    if (method === 'commit') await before()
    return run()
  })
}

test('one whose commit arrives behind the process is answered with what it has made', async () => {
  const store = remote(createMemoryStore())
  let arrive = () => {}
  const arrival = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const dead = await openTestVfs({ store: delayed(store, () => arrival) })
  const { identity } = dead
  const made = Promise.resolve(dead.vfs.mkdir(request(7), rootIno, 'once', 0o755))
  const before = () => {
    arrive()
    return made
  }
  const next = await openTestVfs({
    store: delayed(store, before),
    identity,
    replica: { takesOver: mount },
  })
  try {
    const again = await next.vfs.mkdir(request(7), rootIno, 'once', 0o755)
    assert.equal(again.ino, (await made).ino)
    assert.equal(next.replica.status().conflicts, 1, 'the commit had to arrive in between')
    // Another request for the same is another request.
    await assert.rejects(async () => {
      await next.vfs.mkdir(request(8), rootIno, 'once', 0o755)
    }, isErrno(Errno.EEXIST))
  } finally {
    await next.close()
    await dead.close()
  }
})

test('whoever serves no mount on does not answer for another', async () => {
  const store = createMemoryStore()
  const first = await openTestVfs({ store })
  await first.vfs.mkdir(request(7), rootIno, 'once', 0o755)
  await first.close()
  for (const [takesOver, errno] of [
    [mount, undefined],
    [randomUUID(), Errno.EEXIST],
    [undefined, Errno.EEXIST],
  ] as const) {
    const { identity } = first
    const replica = takesOver ? { takesOver } : {}
    const next = await openTestVfs({ store, identity, replica })
    try {
      const again = async () => next.vfs.mkdir(request(7), rootIno, 'once', 0o755)
      if (errno) await assert.rejects(again, isErrno(errno))
      else assert.equal((await again()).nlink, 2)
    } finally {
      await next.close()
    }
  }
})
