import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { Errno } from '../posix/errno.js'
import {
  findRunningMount,
  listRunningMounts,
  type RegisterEntry,
  registerFolder,
  registerMount,
} from './running-mounts.js'

function entry(mountpoint: string): RegisterEntry {
  return {
    mountpoint,
    owner: '1',
    environment: 'prod',
    engine: 'lmdb',
    readOnly: false,
    version: '0.1.0',
  }
}

function scratch(context: { after(fn: () => void): void }): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'cassfs-register-'))
  context.after(() => rmSync(folder, { recursive: true }))
  return path.join(folder, 'cassfs')
}

test('a mount is listed from registration to release', async (context) => {
  const folder = scratch(context)
  const first = await registerMount(folder, entry('/srv/b'))
  const second = await registerMount(folder, entry('/srv/a'))
  const listed = await listRunningMounts([folder, '/nowhere'])
  assert.deepEqual(listed, [second.record, first.record])
  assert.equal(listed[0]?.pid, process.pid)
  assert.equal((await findRunningMount([folder], '/srv/b'))?.mountpoint, '/srv/b')
  assert.equal(await findRunningMount([folder], '/srv'), undefined)
  await first.release()
  await second.release()
  assert.deepEqual(readdirSync(folder), [])
})

test('the folder is for its owner alone', async (context) => {
  const folder = scratch(context)
  await (await registerMount(folder, entry('/srv/a'))).release()
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  chmodSync(folder, 0o755)
  await (await registerMount(folder, entry('/srv/a'))).release()
  assert.equal(statSync(folder).mode & 0o777, 0o700)
})

test('a second mount of a folder is refused, naming the first', async (context) => {
  const folder = scratch(context)
  const first = await registerMount(folder, entry('/srv/a'))
  await assert.rejects(registerMount(folder, entry('/srv/a')), {
    errno: Errno.EBUSY,
    message: new RegExp(`process ${process.pid} mounts environment "prod".*cassfs umount /srv/a`),
  })
  await first.release()
  await (await registerMount(folder, entry('/srv/a'))).release()
})

test('of many that claim one folder at once a single one gets it', async (context) => {
  const folder = scratch(context)
  const claims = Array.from({ length: 20 }, () => registerMount(folder, entry('/srv/a')))
  const results = await Promise.allSettled(claims)
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
  assert.equal(readdirSync(folder).length, 1)
})

test('what a killed process left is not listed, and taken over', async (context) => {
  const folder = scratch(context)
  const script = `
    const { registerMount } = await import(${JSON.stringify(import.meta.resolve('./running-mounts.js'))})
    await registerMount(${JSON.stringify(folder)}, ${JSON.stringify(entry('/srv/a'))})
    process.stdout.write('done')
    setInterval(() => undefined, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  assert.equal((await listRunningMounts([folder]))[0]?.pid, child.pid)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const taken = await registerMount(folder, entry('/srv/a'))
  assert.deepEqual(await listRunningMounts([folder]), [taken.record])
  await taken.release()
})

test('a file that is no record is left alone', async (context) => {
  const folder = scratch(context)
  const taken = await registerMount(folder, entry('/srv/a'))
  writeFileSync(path.join(folder, 'half.json'), '{"pid":')
  assert.equal((await listRunningMounts([folder])).length, 1)
  await taken.release()
  assert.deepEqual(readdirSync(folder), ['half.json'])
})

test('where the socket lies is not what the file says', async (context) => {
  const folder = scratch(context)
  const taken = await registerMount(folder, entry('/srv/a'))
  const [name = ''] = readdirSync(folder)
  const forged = { ...taken.record, controlSocket: '/run/somebody-else.sock' }
  writeFileSync(path.join(folder, name), JSON.stringify(forged))
  assert.deepEqual(await listRunningMounts([folder]), [taken.record])
  await taken.release()
})

test('root registers under /run, users under their runtime folder', () => {
  assert.equal(registerFolder({ uid: 0, env: { XDG_RUNTIME_DIR: '/x' } }), '/run/cassfs')
  const env = { XDG_RUNTIME_DIR: '/run/user/7' }
  assert.equal(registerFolder({ uid: 7, env }), '/run/user/7/cassfs')
  assert.equal(registerFolder({ uid: 7, env: {} }), '/tmp/cassfs-7')
})
