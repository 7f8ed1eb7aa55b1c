// Opening and closing volumes: several on one store, who may do what, what is saved and what is told.

import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createEnvironment } from '../../src/environments/create-environment.js'
import { openVolume, UnknownEnvironment, UnsavedError } from '../../src/index.js'
import { openOnStore } from '../../src/library/open-volume.js'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import { run } from '../support/process.js'
import { inMemory, onDisk, openers, temporaryFolder } from './volumes.js'

const isCode = (code: string) => (error: NodeJS.ErrnoException) => error.code === code

for (const [where, opener] of openers)
  test(`volumes on one store show each other's changes, and exclude each other (${where})`, async (t) => {
    const open = opener(t)
    const volumes = await Promise.all([open(), open(), open()])
    const [first, second] = volumes
    const made = volumes.map((volume) => volume.writeFile('/lock', 'x', { flag: 'wx' }))
    const outcomes = await Promise.allSettled(made)
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    await Promise.all(volumes.map((volume, index) => volume.appendFile('/log', `${index}\n`)))
    const lines = (await first.readFile('/log', 'utf8')).split('\n').sort()
    assert.deepEqual(lines, ['', '0', '1', '2'])
    const handle = await first.open('/unclosed', 'w')
    await handle.write('saved by the end of the volume')
    await first.close()
    assert.equal(await second.readFile('/unclosed', 'utf8'), 'saved by the end of the volume')
  })

test('an environment that is not there is not made unless that is asked for', async (t) => {
  const open = onDisk(t)
  await open({ environment: 'there' })
  await assert.rejects(open({ environment: 'absent', create: false }), (error) => {
    assert.ok(error instanceof UnknownEnvironment)
    assert.deepEqual(error.known, ['there'])
    return true
  })
})

test('permissions are those of uid, gid and groups', async (t) => {
  const open = inMemory(t)
  const root = await open()
  await root.mkdir('/shared', 0o770)
  await root.chmod('/shared', 0o2770)
  await root.chown('/shared', 0, 2000)
  await root.writeFile('/secret', 'x', { mode: 0o600 })
  const member = await open({ uid: 1000, gid: 1000, groups: [2000], umask: 0o027 })
  const stranger = await open({ uid: 1001, gid: 1001 })
  await member.writeFile('/shared/f', 'x')
  const { uid, gid, mode } = await root.stat('/shared/f')
  assert.deepEqual([uid, gid, mode & 0o777], [1000, 2000, 0o640])
  await assert.rejects(stranger.readdir('/shared'), isCode('EACCES'))
  await assert.rejects(member.readFile('/secret'), isCode('EACCES'))
  await assert.rejects(member.access('/secret', 4), isCode('EACCES'))
  await assert.rejects(member.chmod('/shared', 0o777), isCode('EPERM'))
  await assert.rejects(stranger.unlink('/shared/f'), isCode('EACCES'))
})

test('a volume opened read-only changes nothing', async (t) => {
  const open = inMemory(t)
  const writer = await open()
  await writer.writeFile('/f', 'x')
  const reader = await open({ readOnly: true, create: false })
  assert.equal(await reader.readFile('/f', 'utf8'), 'x')
  const changes = [
    reader.writeFile('/f', 'y'),
    reader.mkdir('/d'),
    reader.unlink('/f'),
    reader.chmod('/f', 0),
    reader.truncate('/f'),
    reader.setxattr('/f', 'user.a', ''),
  ]
  for (const change of changes) await assert.rejects(change, isCode('EROFS'))
  await reader.close()
})

test('with a state folder changes are answered early, and in the store after close', async (t) => {
  const open = onDisk(t)
  const stateDir = join(temporaryFolder(t), 'state')
  const volume = await open({ stateDir })
  assert.equal(statSync(stateDir).mode & 0o777, 0o700)
  for (let index = 0; index < 200; index++) await volume.writeFile(`/f${index}`, 'text')
  const [journals] = readdirSync(join(stateDir, 'journal'))
  assert.equal(readdirSync(join(stateDir, 'journal', journals ?? '')).length, 1)
  const other = await open()
  await other.writeFile('/f0', 'other')
  assert.equal((await other.readdir('/')).length, 200)
  await volume.writeFile('/last', 'x')
  await volume.close()
  assert.equal(await other.readFile('/last', 'utf8'), 'x')
  assert.deepEqual(readdirSync(join(stateDir, 'journal', journals ?? '')), [])
})

test('what cannot be stored is told by close, and kept where there is a state folder', async (t) => {
  const store = createMemoryStore()
  await createEnvironment(store, '1', 'prod', { uid: 0, gid: 0, quotaBytes: 2000 })
  for (const stateDir of [undefined, join(temporaryFolder(t), 'state')]) {
    const options = stateDir === undefined ? {} : { stateDir }
    const volume = await openOnStore(store, { store: { engine: 'memory' }, ...options })
    const handle = await volume.open('/f', 'w')
    await handle.write(Buffer.alloc(20_000, 1))
    const error = await volume.close().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof UnsavedError, String(error))
    assert.deepEqual(
      error.unsaved.map((each) => [String(each.path), (each.error as NodeJS.ErrnoException).code]),
      [['/f', 'EDQUOT']],
    )
    assert.match(error.message, /could not be stored: \/f/)
    assert.equal(error.rescueDirectory !== undefined, stateDir !== undefined)
    if (error.rescueDirectory) assert.ok(readdirSync(error.rescueDirectory).length > 0)
  }
})

test('a volume closes itself at the end of its block', async (t) => {
  const directory = join(temporaryFolder(t), 'store')
  const store = { engine: 'lmdb', directory } as const
  {
    await using volume = await openVolume({ store, create: true })
    const handle = await volume.open('/f', 'w')
    await handle.write('x')
  }
  const again = await openVolume({ store, readOnly: true })
  assert.equal(await again.readFile('/f', 'utf8'), 'x')
  await again.close()
})

test('a process waits for the calls that it awaits, and for nothing else', async (t) => {
  const folder = temporaryFolder(t)
  const program = `
    import { openVolume } from ${JSON.stringify(new URL('../../src/index.js', import.meta.url).href)}
    const volume = await openVolume({ store: { engine: 'memory' }, create: true })
    await volume.writeFile('/f', Buffer.alloc(3_000_000))
    for (let index = 0; index < 50; index++) await volume.mkdir('/d' + index)
    const events = volume.watch('/')
    setTimeout(() => void volume.writeFile('/late', 'x'), 300).unref()
    await events.next()
    console.log((await volume.readdir('/')).length)
  `
  const flags = ['--input-type=module', '-e', program]
  const output = await run(process.execPath, flags, { cwd: folder, timeoutMs: 20_000 })
  assert.equal(output, '52\n')
})
