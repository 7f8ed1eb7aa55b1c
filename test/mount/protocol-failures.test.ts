// What goes wrong in a handler stays with the one who asked: the mount goes on.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Handler } from '../../src/fuse/handler.js'
import { MemoryHandler } from './memory-handler.js'
import { overriding, type TestMount, until, whyNoMount, withMount } from './mounted.js'

const skip = whyNoMount()
const options = { skip: skip ?? false, timeout: 30_000 }

/** Runs a shell command with the mount in $M; output and complaints, whatever its end. */
function shell(mount: TestMount, command: string): Promise<string> {
  return mount.run('sh', ['-c', `M=${mount.mountpoint}; (${command}) 2>&1; true`])
}

/** Every method of the handler, done by `act` instead. */
function wrapped(handler: Handler, act: (call: () => unknown) => unknown): Handler {
  return new Proxy(handler, {
    get(target, name) {
      const method = target[name as keyof Handler] as unknown
      if (typeof method !== 'function') return method
      if (name === 'forget' || name === 'destroy') return method.bind(target)
      return (...args: unknown[]) => act(() => method.apply(target, args))
    },
  })
}

const memory = () => new MemoryHandler({ ttlMs: 0 })

describe('a handler', options, () => {
  it('that always throws answers EIO, again and again', async () => {
    const handler = wrapped(memory(), () => {
      throw new Error('out of order')
    })
    await withMount({ handler }, async (mount) => {
      for (let round = 0; round < 3; round++) {
        const said = await shell(mount, 'ls $M/file; mkdir $M/dir; stat -f $M')
        assert.equal(said.match(/Input\/output error/g)?.length, 3, said)
      }
      assert.ok(mount.complaints.length >= 9)
      assert.match(mount.complaints.join('\n'), /STATFS [0-9a-f]+ failed: Error: out of order/)
    })
  })

  it('that always rejects answers EIO, again and again', async () => {
    const handler = wrapped(memory(), async () => Promise.reject(new Error('later')))
    await withMount({ handler }, async (mount) => {
      for (let round = 0; round < 3; round++) {
        const said = await shell(mount, 'ls $M/file; mkdir $M/dir; stat -f $M')
        assert.equal(said.match(/Input\/output error/g)?.length, 3, said)
      }
      assert.equal(mount.connection.pending, 0)
    })
  })

  it('that answers nonsense answers EIO', async () => {
    const handler: Handler = {
      getattr: () => ({}) as never,
      statfs: () => 'full' as never,
      lookup: () => 100_000,
    }
    await withMount({ handler }, async (mount) => {
      assert.match(await shell(mount, 'ls $M/file'), /Input\/output error/)
      assert.ok(mount.complaints.length > 0)
    })
  })

  it('whose every answer is a promise does as well, with data that lasts', async () => {
    const handler = wrapped(memory(), async (call) => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      return call()
    })
    await withMount({ handler }, async (mount) => {
      const script = `cd $M || exit
        for i in 1 2 3 4 5 6 7 8; do (head -c 300000 /dev/zero | tr '\\0' $i > f$i) & done; wait
        for i in 1 2 3 4 5 6 7 8; do tr -d $i < f$i | wc -c; wc -c < f$i; done`
      assert.equal(await shell(mount, script), '0\n300000\n'.repeat(8))
      assert.deepEqual(mount.complaints, [])
    })
  })

  it('whose answers settle at once needs nothing else to happen first', async () => {
    const handler = wrapped(memory(), async (call) => call())
    await withMount({ handler }, async (mount) => {
      assert.equal(
        await shell(mount, 'cd $M && echo content > file && cat file && ls'),
        'content\nfile\n',
      )
    })
  })

  it('learns that a lookup was not taken because its caller was killed', async () => {
    const inner = memory()
    const failures: number[] = []
    let answer: (() => void) | undefined
    const handler = overriding(inner, {
      mkdir: (...args: Parameters<MemoryHandler['mkdir']>) => {
        args[0].onReplyFailed((errno) => failures.push(errno))
        return new Promise((resolve) => {
          answer = () => resolve(inner.mkdir(...args))
        })
      },
    })
    await withMount({ handler }, async (mount) => {
      // A request that was read outlives its caller; the kernel drops it when the mount is aborted.
      const made = shell(mount, 'mkdir $M/dir')
      await until(
        () => answer !== undefined,
        () => 'no MKDIR',
      )
      await mount.run('umount', ['-f', '-l', mount.mountpoint])
      assert.match(await made, /cannot create directory/)
      answer?.()
      await until(
        () => failures.length > 0,
        () => 'the reply was taken',
      )
      assert.ok([2, 19].includes(failures[0] as number), `errno ${failures[0]}`)
    })
  })
})
