import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { MountStatus } from '../observe/status.js'
import { Errno, FsError } from '../posix/errno.js'
import {
  askControlSocket,
  type ControlHandler,
  type ControlRequest,
  openControlSocket,
} from './control-socket.js'

const status: MountStatus = {
  mountpoint: '/srv/site',
  owner: '1',
  environment: 'prod',
  engine: 'lmdb',
  readOnly: false,
}

async function listening(context: { after(fn: () => void): void }, handler: ControlHandler) {
  const folder = mkdtempSync(path.join(tmpdir(), 'cassfs-control-'))
  const socket = path.join(folder, 'a.sock')
  const control = await openControlSocket(socket, handler)
  context.after(async () => {
    await control.close()
    rmSync(folder, { recursive: true })
  })
  return socket
}

const calm: ControlHandler = {
  status: () => status,
  unmount: async () => ({ outcome: 'unmounted' }),
}

test('status is answered', async (context) => {
  const socket = await listening(context, calm)
  assert.deepEqual(await askControlSocket(socket, { request: 'status' }, 5000), status)
})

test('unmount hands on whether to detach, and hands back the holders', async (context) => {
  const holders = [{ pid: 7, program: 'vi', path: '/srv/site/a', use: 'file' as const }]
  const asked: boolean[] = []
  const socket = await listening(context, {
    ...calm,
    unmount: async ({ detach }) => {
      asked.push(detach)
      return detach ? { outcome: 'detached', holders } : { outcome: 'busy', holders }
    },
  })
  const ask = (detach: boolean) => askControlSocket(socket, { request: 'unmount', detach }, 5000)
  assert.deepEqual(await ask(false), { outcome: 'busy', holders })
  assert.deepEqual(await ask(true), { outcome: 'detached', holders })
  assert.deepEqual(asked, [false, true])
})

test('an error of the mount is told with its number', async (context) => {
  const socket = await listening(context, {
    ...calm,
    unmount: async () => {
      throw new FsError(Errno.ENOSPC, 'the disk is full')
    },
  })
  await assert.rejects(askControlSocket(socket, { request: 'unmount', detach: true }, 5000), {
    errno: Errno.ENOSPC,
    message: /the disk is full/,
  })
})

test('a request from a newer version is refused, not ignored', async (context) => {
  const socket = await listening(context, calm)
  const request = { request: 'dance' } as unknown as ControlRequest
  await assert.rejects(askControlSocket(socket, request, 5000), { errno: Errno.EINVAL })
})

test('whoever talks nonsense, too much, or goes away does no harm', async (context) => {
  const socket = await listening(context, calm)
  const say = (text: string) =>
    new Promise<string>((resolve) => {
      let heard = ''
      const talker = connect(socket, () => talker.write(text))
      talker.on('data', (part) => {
        heard += part
      })
      talker.on('error', () => undefined)
      talker.on('close', () => resolve(heard))
    })
  assert.match(await say('nonsense\n'), /"ok":false/)
  assert.equal(await say('x'.repeat(100_000)), '')
  await new Promise<void>((resolve) => {
    const talker = connect(socket, () => {
      talker.write('{"request":"status"}\n')
      talker.destroy()
      resolve()
    })
  })
  assert.deepEqual(await askControlSocket(socket, { request: 'status' }, 5000), status)
})

test('a path that no socket can have is told', async () => {
  const path = `/tmp/${'x'.repeat(110)}`
  await assert.rejects(openControlSocket(path, calm), {
    errno: Errno.ENAMETOOLONG,
    message: /set XDG_RUNTIME_DIR to a shorter folder/,
  })
})

test('no listener, and one that does not answer in time, are two errors', async (context) => {
  await assert.rejects(askControlSocket('/nowhere.sock', { request: 'status' }, 5000), {
    errno: Errno.ENOENT,
  })
  const socket = await listening(context, { ...calm, unmount: () => new Promise(() => undefined) })
  await assert.rejects(askControlSocket(socket, { request: 'unmount', detach: true }, 50), {
    errno: Errno.ETIMEDOUT,
  })
})
