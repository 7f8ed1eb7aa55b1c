// Mounting, serving and unmounting by the one call that puts the parts together.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type FuseServer, type ServeOptions, serveMount } from '../../src/fuse/serve.js'
import { abortConnection, deviceNumberOf, tune } from '../../src/fuse/tuning.js'
import { MemoryHandler } from './memory-handler.js'
import { complainTo, overriding, runProgram, until, whyNoMount } from './mounted.js'

const skip = whyNoMount()
const options = { skip: skip ?? false, timeout: 30_000 }

async function withServer(
  more: Partial<ServeOptions>,
  body: (server: FuseServer, complaints: string[]) => Promise<void>,
): Promise<void> {
  const mountpoint = mkdtempSync(join(tmpdir(), 'cassfs mount\t'))
  const complaints: string[] = []
  try {
    const server = await serveMount({
      mountpoint,
      handler: new MemoryHandler({ ttlMs: 1000 }),
      fsname: 'a name, with a comma',
      subtype: 'cassfs',
      log: complainTo(complaints),
      ...more,
    })
    try {
      await body(server, complaints)
    } finally {
      await server.unmount(true).catch(() => {})
      await server.closed
    }
  } finally {
    rmdirSync(mountpoint)
  }
}

/** The line of what is mounted there, or undefined. */
function mountLine(mountpoint: string): string | undefined {
  const path = mountpoint.replaceAll(' ', '\\040').replaceAll('\t', '\\011')
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[1] === path)
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}

describe('serveMount', options, () => {
  it('mounts as it is told, and unmounts', async () => {
    await withServer({ isReadOnly: true, allowOther: true }, async (server) => {
      const line = mountLine(server.mountpoint) ?? ''
      assert.match(line, /^a\\040name,\\040with\\040a\\040comma /)
      assert.match(line, / fuse\.cassfs ro,nosuid,nodev,/)
      assert.match(line, /allow_other/)
      assert.equal((await runProgram('ls', [server.mountpoint])).length, 0)
      await server.unmount()
      assert.equal(mountLine(server.mountpoint), undefined)
    })
  })

  it('leaves no descriptor and no thread behind', async () => {
    const cycle = () =>
      withServer({}, async (server) => {
        await runProgram('touch', [join(server.mountpoint, 'file')])
        assert.equal(await server.notifier.invalInode(1), 0)
      })
    await cycle()
    const before = openDescriptors()
    await cycle()
    await cycle()
    assert.ok(openDescriptors() <= before, `${openDescriptors()} open, ${before} before`)
  })

  it('says EBUSY while somebody is inside, and then can be left lazily', async () => {
    await withServer({}, async (server) => {
      await runProgram('touch', [join(server.mountpoint, 'file')])
      const held = runProgram('sh', ['-c', `exec < '${server.mountpoint}/file'; sleep 2`])
      await until(
        () => server.counts.requests > 8,
        () => 'nobody came',
      )
      await assert.rejects(server.unmount(), { code: 'EBUSY' })
      assert.ok(mountLine(server.mountpoint))
      await Promise.all([server.unmount(true), held])
      assert.equal(mountLine(server.mountpoint), undefined)
    })
  })

  it('ends by itself when somebody else unmounts, and tells the handler', async () => {
    const handler = new MemoryHandler({ ttlMs: 0 })
    await withServer({ handler }, async (server) => {
      await runProgram('umount', [server.mountpoint])
      await server.closed
      assert.equal(handler.destroyed, 1)
    })
  })

  it('mounts nothing when the handler refuses', async () => {
    const handler = overriding(new MemoryHandler({ ttlMs: 0 }), {
      init() {
        throw new Error('not with me')
      },
    })
    const before = openDescriptors()
    await assert.rejects(
      withServer({ handler }, async () => {}),
      /not with me/,
    )
    assert.equal(openDescriptors(), before)
  })

  it('says what is wrong with the mount point', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'cassfs-file-')), 'file')
    writeFileSync(file, '')
    try {
      const missing = withServer({ mountpoint: '/nowhere/at/all' }, async () => {})
      await assert.rejects(missing, /ENOENT: the mount point \/nowhere\/at\/all does not exist/)
      await assert.rejects(
        withServer({ mountpoint: file }, async () => {}),
        /ENOTDIR: the mount point .*file is no directory/,
      )
    } finally {
      rmSync(join(file, '..'), { recursive: true })
    }
  })

  it('can be tuned by root', async () => {
    await withServer({}, async (server) => {
      assert.ok(server.deviceNumber)
      assert.deepEqual(server.deviceNumber, deviceNumberOf(server.mountpoint))
      const { major, minor } = server.deviceNumber
      tune(server.deviceNumber, { readAheadKb: 1024 })
      const file = `/sys/class/bdi/${major}:${minor}/read_ahead_kb`
      assert.equal(readFileSync(file, 'utf8'), '1024\n')
    })
  })

  it('reads as far ahead as it was tuned to', async () => {
    const sizes: number[] = []
    const inner = new MemoryHandler({ ttlMs: 0 })
    const handler = overriding(inner, {
      read(request, args) {
        sizes.push(args.size)
        return inner.read(request, args)
      },
    })
    await withServer({ handler }, async (server) => {
      assert.ok(server.deviceNumber)
      tune(server.deviceNumber, { readAheadKb: 1024 })
      const path = join(server.mountpoint, 'file')
      await runProgram('sh', ['-c', `head -c 8388608 /dev/zero > '${path}'; cat '${path}'`])
      assert.equal(Math.max(...sizes), 1024 * 1024)
    })
  })

  it('gives a connection up that is aborted', async (t) => {
    const never = overriding(new MemoryHandler({ ttlMs: 0 }), {
      statfs: () => new Promise(() => {}),
    })
    await withServer({ handler: never }, async (server) => {
      const asked = assert.rejects(runProgram('stat', ['-f', server.mountpoint]))
      await until(
        () => server.pending() === 1,
        () => 'no STATFS',
      )
      try {
        if (server.deviceNumber) abortConnection(server.deviceNumber)
      } catch {
        t.diagnostic('fusectl is not mounted here: aborted by umount -f instead')
        await runProgram('umount', ['-f', server.mountpoint]).catch(() => {})
      }
      await asked
      await server.closed
    })
  })

  it('does not spin when told so, and reads many requests in one turn all the same', async () => {
    await withServer({ spinMicroseconds: 0 }, async (server) => {
      const work = 'for i in 1 2 3 4; do ls -la > x; done; rm x'
      await runProgram('sh', ['-c', `cd '${server.mountpoint}' && ${work}`])
      assert.equal(server.counts.spins, 0)
      assert.ok(server.counts.requests > server.counts.wakeUps)
    })
  })
})
