/** Dead, silent and foreign mounts, and folders that cannot be mounted on: with real FUSE mounts. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  detachDeadMounts,
  detachMount,
  mountAt,
  probeMount,
  readMountTable,
} from '../../src/mount/mount-table.js'
import { prepareMountpoint } from '../../src/mount/mountpoint.js'
import { Errno } from '../../src/posix/errno.js'
import { waitFor } from '../support/process.js'
import { startUnservedMount, type UnservedMount, unservedMountMissing } from './unserved-mount.js'

describe('mounts that nobody serves', { skip: unservedMountMissing() }, () => {
  const work = mkdtempSync(join(tmpdir(), 'cassfs-dead-'))
  const dir = join(work, 'a b')
  let mounts: UnservedMount[] = []

  const isMounted = async () => mountAt(await readMountTable(), dir) !== undefined
  const start = async (mode?: 'watched' | 'disarmed' | 'stuck') => {
    const mount = await startUnservedMount(dir, mode)
    mounts.push(mount)
    return mount
  }

  beforeEach(() => mkdirSync(dir))
  afterEach(async () => {
    for (const mount of mounts) if (mount.process.exitCode === null) mount.process.kill('SIGKILL')
    mounts = []
    // The watcher of a mount that was just killed may be quicker: then there is nothing to unmount.
    await waitFor('everything to be unmounted', async () => {
      if (await isMounted()) spawnSync('umount', ['-l', dir])
      return !(await isMounted())
    })
    rmSync(dir, { recursive: true })
  })
  after(() => rmdirSync(work))

  test('a living one that does not answer is silent, a killed one is dead', async () => {
    const mount = await start()
    assert.equal(await probeMount(dir, 500), 'silent')
    await mount.kill()
    assert.equal(await probeMount(dir), 'dead')
  })

  test('dead ones are detached, also several on top of each other', async () => {
    for (let count = 0; count < 3; count += 1) await (await start()).kill()
    assert.equal(await detachDeadMounts(dir), 3)
    assert.equal(await isMounted(), false)
    assert.equal(await detachDeadMounts(dir), 0)
  })

  test('a silent one is left alone by itself, and detached when that is asked for', async () => {
    await start()
    assert.equal(await detachDeadMounts(dir), 0)
    assert.equal(await isMounted(), true)
    await detachMount(dir)
    assert.equal(await isMounted(), false)
    await assert.rejects(detachMount(dir), { errno: Errno.EBUSY, message: /cannot detach .*a b/ })
  })

  test('mounting on a dead one prepares the folder below it', async () => {
    await (await start()).kill()
    assert.deepEqual(await prepareMountpoint(dir), { path: dir, created: false, detached: 1 })
    assert.equal(await isMounted(), false)
  })

  test('a folder below a dead mount is not touched', async () => {
    writeFileSync(join(dir, 'mine'), 'x')
    await (await start()).kill()
    await assert.rejects(prepareMountpoint(dir), { errno: Errno.ENOTEMPTY, message: /"mine"/ })
  })

  test('the watcher detaches the mount of a killed process', async () => {
    const mount = await start('watched')
    assert.equal(await isMounted(), true)
    await mount.kill()
    await waitFor('the mount to be detached', async () => !(await isMounted()))
  })

  test('the watcher goes when it hears of a clean end', async () => {
    const mount = await start('disarmed')
    await mount.kill()
    await sleep(300)
    assert.equal(await isMounted(), true)
  })

  test('the watcher cuts off whoever waits for a server whose first thread is a zombie', async () => {
    const mount = await start('stuck')
    const state = () =>
      readFileSync(`/proc/${mount.process.pid}/stat`, 'latin1').replace(/.*\) /, '')[0]
    await waitFor('the zombie', () => state() === 'Z')
    const asking = spawn('stat', ['-f', dir], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    asking.stderr.setEncoding('utf8').on('data', (text) => {
      said += text
    })
    await waitFor('an answer', () => asking.exitCode !== null, 20_000)
    assert.match(said, /not connected|connection abort/)
    assert.equal(state(), 'Z', 'it was not the end of the server that let the program go')
    await mount.kill()
    await waitFor('the mount to be detached', async () => !(await isMounted()))
  })

  test('the watcher leaves another mount on the same folder alone', async () => {
    const first = await start('watched')
    execFileSync('umount', ['-l', dir])
    await start()
    await first.kill()
    await sleep(300)
    assert.equal(await isMounted(), true)
  })
})

describe('folders to mount on', () => {
  const work = mkdtempSync(join(tmpdir(), 'cassfs-mountpoint-'))
  after(() => rmSync(work, { recursive: true }))

  test('an empty folder, through a link too', async () => {
    const dir = join(work, 'empty')
    mkdirSync(dir)
    symlinkSync('empty', join(work, 'link'))
    const wanted = { path: dir, created: false, detached: 0 }
    assert.deepEqual(await prepareMountpoint(dir), wanted)
    assert.deepEqual(await prepareMountpoint(join(work, 'link')), wanted)
  })

  test('a missing one is made, its parents are not', async () => {
    const dir = join(work, 'new')
    assert.deepEqual(await prepareMountpoint(dir), { path: dir, created: true, detached: 0 })
    await assert.rejects(prepareMountpoint(join(work, 'no/such')), {
      errno: Errno.ENOENT,
      message: new RegExp(`${work}/no does not exist; make it with: mkdir -p ${work}/no/such`),
    })
  })

  test('one that is not empty is refused, with what is in it', async () => {
    const dir = join(work, 'full')
    mkdirSync(dir)
    for (const name of ['a\nb', 'c', 'd', 'e']) writeFileSync(join(dir, name), '')
    const error = await prepareMountpoint(dir).catch((reason: unknown) => reason)
    assert.match(String(error), /full is not empty \("[^\n]*, \.\.\.\): .*choose an empty folder/)
  })

  test('a file is refused', async () => {
    writeFileSync(join(work, 'file'), '')
    await assert.rejects(prepareMountpoint(join(work, 'file')), {
      errno: Errno.ENOTDIR,
      message: /file is not a folder/,
    })
    await assert.rejects(prepareMountpoint(join(work, 'file/below')), { errno: Errno.ENOTDIR })
  })

  test('what is a mount already is refused, with its type', async () => {
    await assert.rejects(prepareMountpoint('/proc'), {
      errno: Errno.EBUSY,
      message: /\/proc is already a mount \(type proc\)/,
    })
  })
})
