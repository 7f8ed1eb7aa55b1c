/** Mounts with the write lease: what is answered early survives a kill, and gives way to other mounts. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { targetMissing } from '../support/target.js'
import { openSandbox, type Sandbox } from './cassfs.js'
import { cleanUp, type ForegroundMount, makeFolder, startMount } from './mounts.js'

const skip = (await targetMissing('cassfs')) ?? false
const takeAfterMs = 10_000

interface Lease {
  readonly state: string
  readonly uncommittedChanges: number
  readonly lostChanges: number
}

describe('the write lease', { skip }, () => {
  let sandbox: Sandbox
  let mounts: ForegroundMount[] = []
  let count = 0

  before(() => {
    sandbox = openSandbox()
  })
  after(() => sandbox?.close())
  afterEach(async () => {
    for (const mount of mounts) mount.signal('SIGCONT')
    await cleanUp(mounts, sandbox.folder)
    mounts = []
  })

  async function mount(folder: string): Promise<ForegroundMount> {
    const one = await startMount(sandbox, ['-debug', folder])
    mounts.push(one)
    return one
  }

  async function statusOf(folder: string) {
    const { stdout, stderr } = await sandbox.run(['status', '--json', folder])
    const [{ status }] = JSON.parse(stdout || '[{}]') as [{ status?: never }]
    assert.ok(status, stderr)
    return status as { writeLease: Lease; counts: { replica: { commits: number } } }
  }

  /** Enough changes one behind the other to get the lease. */
  async function write(folder: string, files: number): Promise<void> {
    for (let at = 0; at < files; at++) await writeFile(join(folder, `f${count++}`), `file ${at}`)
  }

  test('the only writer is answered before its commits, which take many changes each', async () => {
    const folder = makeFolder(sandbox, 'alone')
    const one = await mount(folder)
    await write(folder, 200)
    const { writeLease, counts } = await statusOf(folder)
    assert.equal(writeLease.state, 'held')
    assert.ok(counts.replica.commits < 150, `${counts.replica.commits} commits for 400 changes`)
    assert.match(one.log(), /write lease granted/)
    one.signal('SIGINT')
    assert.equal(await one.ended, 0)
    assert.match(one.log(), /write lease released/)
  })

  test('a killed mount has lost nothing, and the next one carries its journal on', async () => {
    const folder = makeFolder(sandbox, 'killed')
    const large = Buffer.alloc(200_000, 'large')
    const one = await mount(folder)
    await write(folder, 50)
    for (let at = 0; at < 20; at++) await appendFile(join(folder, 'lines'), `line ${at}\n`)
    await writeFile(join(folder, 'large'), large)
    one.signal('SIGKILL')
    await one.ended
    const next = await mount(folder)
    assert.match(next.log(), /carried on.*changes=[1-9]/)
    const lines = readFileSync(join(folder, 'lines'), 'utf8')
    assert.equal(lines, Array.from({ length: 20 }, (_, at) => `line ${at}\n`).join(''))
    assert.deepEqual(readFileSync(join(folder, 'large')), large)
    const { writeLease } = await statusOf(folder)
    assert.equal(writeLease.lostChanges, 0)
    next.signal('SIGINT')
    assert.equal(await next.ended, 0)
    assert.deepEqual(journals(), [])
  })

  test("the lease of a killed mount that had committed all is nobody's once another has opened the volume", async () => {
    const folder = makeFolder(sandbox, 'idle')
    const one = await mount(folder)
    await write(folder, 50)
    await state(folder, ({ state, uncommittedChanges }) => state === 'held' && !uncommittedChanges)
    one.signal('SIGKILL')
    await one.ended
    // Its journal goes with this: who comes later could not know that the holder is dead.
    await mount(folder)
    await state(folder, ({ state }) => state === 'none')
  })

  test('another mount that writes gets the lease back at once', async () => {
    const [here, there] = [makeFolder(sandbox, 'here'), makeFolder(sandbox, 'there')]
    const one = await mount(here)
    await mount(there)
    await sleep(1200)
    await write(here, 50)
    assert.equal((await statusOf(here)).writeLease.state, 'held')
    writeFileSync(join(there, 'other'), 'of the other mount')
    await seen(one, /write lease recalled[\s\S]*write lease released/)
    assert.equal(await readFile(join(here, 'other'), 'utf8'), 'of the other mount')
    for (const folder of [here, there])
      assert.equal((await statusOf(folder)).writeLease.lostChanges, 0)
  })

  test('a holder that stands still loses it, and notices before it answers', async () => {
    const [here, there] = [makeFolder(sandbox, 'stopped'), makeFolder(sandbox, 'going')]
    const one = await mount(here)
    await mount(there)
    await sleep(1200)
    await write(here, 50)
    assert.equal((await statusOf(here)).writeLease.state, 'held')
    one.signal('SIGSTOP')
    const startedMs = performance.now()
    await writeFile(join(there, 'meanwhile'), 'x')
    const waitedMs = performance.now() - startedMs
    assert.ok(waitedMs >= takeAfterMs - 1, `taken after ${waitedMs} ms`)
    one.signal('SIGCONT')
    assert.equal(await readFile(join(here, 'meanwhile'), 'utf8'), 'x')
    assert.match(one.log(), /write lease taken by another process/)
    await writeFile(join(here, 'later'), 'y')
    assert.equal((await statusOf(here)).writeLease.lostChanges, 0)
  })

  /** Waits for it. */
  async function state(folder: string, isSo: (lease: Lease) => boolean): Promise<void> {
    let { writeLease } = await statusOf(folder)
    for (let tries = 0; tries < 30 && !isSo(writeLease); tries++) {
      await sleep(50)
      writeLease = (await statusOf(folder)).writeLease
    }
    assert.ok(isSo(writeLease), JSON.stringify(writeLease))
  }

  async function seen(mount: ForegroundMount, pattern: RegExp): Promise<void> {
    for (let tries = 0; tries < 100 && !pattern.test(mount.log()); tries++) await sleep(50)
    assert.match(mount.log(), pattern)
  }

  /** Of all volumes in the state folder of the sandbox. */
  function journals(): string[] {
    const folder = join(sandbox.folder, 'state', 'journal')
    if (!existsSync(folder)) return []
    return readdirSync(folder).flatMap((volume) => readdirSync(join(folder, volume)))
  }
})
