// The order of things, on a mount whose every step is written down. The same on real mounts is in
// test/cli.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../observe/logger.js'
import { Errno, FsError } from '../posix/errno.js'
import type { Holder } from './holders.js'
import { createLifecycle, type LivingMount } from './lifecycle.js'

const vi: Holder = { pid: 42, program: 'vi', path: '/srv/site/a', use: 'file' }

/** A mount that `vi` holds while `busy`; it ends when unmounted, or when `close` is called. */
function scene(options: { busy: boolean; saveFails?: boolean; saveHangs?: boolean }) {
  const steps: string[] = []
  let close = () => {}
  const ended = new Promise<void>((resolve) => {
    close = resolve
  })
  const mount: LivingMount = {
    mountpoint: '/srv/site',
    ended,
    save: async () => {
      steps.push('save')
      if (options.saveFails) throw new FsError(Errno.EIO, 'the store is silent')
      if (options.saveHangs) await new Promise(() => undefined)
    },
    unmount: async ({ detach }) => {
      steps.push(detach ? 'detach' : 'unmount')
      if (options.busy && !detach) throw new FsError(Errno.EBUSY, 'umount /srv/site')
      if (!options.busy) close()
    },
  }
  const say = (message: string) => void steps.push(message)
  const logger: Logger = { isDebug: false, debug: say, info: say, warn: say, error: say }
  const lifecycle = createLifecycle(mount, {
    logger,
    findHolders: async () => [vi],
    saveMsMax: 100,
  })
  return { lifecycle, steps, close }
}

const holdersTold = ['/srv/site is busy', 'pid 42 (vi) holds file /srv/site/a']
const detached = 'detached; open files are served until they are closed (again: cut them off)'

test('a signal on a mount that nobody holds saves, unmounts, closes', async () => {
  const { lifecycle, steps } = scene({ busy: false })
  lifecycle.signal('SIGTERM')
  assert.equal(await lifecycle.finished, 0)
  assert.deepEqual(steps, ['SIGTERM: saving and unmounting', 'save', 'unmount', 'detach'])
})

test('a signal on a busy mount saves, tells who holds it, detaches, and serves until they close', async () => {
  const { lifecycle, steps, close } = scene({ busy: true })
  lifecycle.signal('SIGINT')
  const early = await Promise.race([lifecycle.finished, sleep(50, 'still served')])
  assert.equal(early, 'still served')
  const first = ['SIGINT: saving and unmounting', 'save', 'unmount']
  assert.deepEqual(steps, [...first, ...holdersTold, 'detach', detached])
  close()
  assert.equal(await lifecycle.finished, 0)
})

test('one key press that arrives twice is one signal', async () => {
  const { lifecycle, steps, close } = scene({ busy: true })
  lifecycle.signal('SIGINT')
  lifecycle.signal('SIGINT')
  await sleep(50)
  assert.ok(!steps.some((step) => step.startsWith('a second signal')))
  close()
  assert.equal(await lifecycle.finished, 0)
})

test('a second signal cuts the holders off and says so with the exit status', async () => {
  const { lifecycle, steps } = scene({ busy: true })
  lifecycle.signal('SIGINT')
  await sleep(600)
  lifecycle.signal('SIGINT')
  assert.equal(await lifecycle.finished, 1)
  assert.deepEqual(steps.slice(-3), [
    'a second signal: whoever still holds files is cut off',
    'save',
    'detach',
  ])
})

test('umount without detaching leaves a busy mount as it is', async () => {
  const { lifecycle, steps } = scene({ busy: true })
  const answer = await lifecycle.unmount({ detach: false })
  assert.deepEqual(answer, { outcome: 'busy', holders: [vi] })
  assert.deepEqual(steps, ['save', 'unmount', ...holdersTold])
  const still = await Promise.race([lifecycle.finished, sleep(20, 'running')])
  assert.equal(still, 'running')
})

test('umount of a free mount, and with detaching of a busy one', async () => {
  const free = scene({ busy: false })
  assert.deepEqual(await free.lifecycle.unmount({ detach: false }), { outcome: 'unmounted' })
  assert.equal(await free.lifecycle.finished, 0)
  const busy = scene({ busy: true })
  const answer = await busy.lifecycle.unmount({ detach: true })
  assert.deepEqual(answer, { outcome: 'detached', holders: [vi] })
})

test('when somebody else unmounts, what is left is saved and closed', async () => {
  const { lifecycle, steps, close } = scene({ busy: false })
  close()
  assert.equal(await lifecycle.finished, 0)
  assert.deepEqual(steps, ['detach'])
})

test('a save that fails does not keep the mount, and is the exit status', async () => {
  const { lifecycle, steps } = scene({ busy: false, saveFails: true })
  lifecycle.signal('SIGTERM')
  assert.equal(await lifecycle.finished, 1)
  const wanted = ['SIGTERM: saving and unmounting', 'save', 'saving failed', 'unmount', 'detach']
  assert.deepEqual(steps, wanted)
})

test('a save that hangs is given up', async () => {
  const { lifecycle, steps } = scene({ busy: false, saveHangs: true })
  lifecycle.signal('SIGTERM')
  assert.equal(await lifecycle.finished, 1)
  assert.ok(steps.includes('saving failed'))
  assert.ok(steps.includes('unmount'))
})
