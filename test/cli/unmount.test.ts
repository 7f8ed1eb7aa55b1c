/** How mounts end: signals, umount, holders, killed processes; and mounts in the background. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitFor } from '../support/process.js'
import { targetMissing } from '../support/target.js'
import { openSandbox, type Sandbox } from './cassfs.js'
import { cleanUp, type ForegroundMount, isMounted, makeFolder, startMount } from './mounts.js'

const skip = (await targetMissing('cassfs')) ?? false
let sandbox: Sandbox
let folder: string
let mounts: ForegroundMount[]
let holders: ChildProcess[]

beforeEach(() => {
  sandbox = openSandbox()
  folder = makeFolder(sandbox, 'site')
  mounts = []
  holders = []
})
afterEach(async () => {
  for (const holder of holders) holder.kill('SIGKILL')
  await cleanUp(mounts, sandbox.folder)
  sandbox.close()
})

async function start(): Promise<ForegroundMount> {
  const mount = await startMount(sandbox, ['./site'])
  mounts.push(mount)
  return mount
}

/**
 * A program that holds a file open, writes a line for each line it is told, and answers "written"; an
 * empty line closes the file.
 */
async function hold(file: string): Promise<ChildProcess> {
  const script = `exec 5>>'${file}'; echo open
    while read -r line; do [ -z "$line" ] && exec 5>&-; echo "$line" >&5 && echo written; done 2>/dev/null`
  const holder = spawn('bash', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] })
  holders.push(holder)
  await heard(holder)
  return holder
}

async function heard(holder: ChildProcess): Promise<string> {
  assert.ok(holder.stdout)
  const [said] = await once(holder.stdout, 'data')
  return String(said).trim()
}

async function writeLine(holder: ChildProcess, line: string): Promise<string> {
  const answer = heard(holder)
  holder.stdin?.write(`${line}\n`)
  return answer
}

/** Everything that was written is there after a new mount. */
async function assertSaved(name: string, content: string): Promise<void> {
  const { stdout, stderr } = await sandbox.run(['cat', name])
  assert.equal(stdout, content, stderr)
}

describe('the end of a mount', { skip }, () => {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`${name} saves and unmounts`, async () => {
      const mount = await start()
      await writeFile(join(folder, 'a'), 'hello')
      mount.signal(name)
      assert.equal(await mount.ended, 0, mount.log())
      assert.equal(await isMounted(folder), false)
      await assertSaved('a', 'hello')
    })
  }

  test('a signal on a busy mount tells who holds it, detaches, serves until it is closed', async () => {
    const mount = await start()
    const holder = await hold(join(folder, 'a'))
    assert.equal(await writeLine(holder, 'before'), 'written')
    mount.signal('SIGINT')
    await waitFor('the mount to be detached', async () => !(await isMounted(folder)))
    assert.equal(await writeLine(holder, 'after'), 'written')
    const expected = `pid ${holder.pid} (bash) holds file ${folder}/a`
    assert.ok(mount.log().includes(expected), mount.log())
    const status = JSON.parse((await sandbox.run(['status', '--json'])).stdout)
    const seen = status.find((each: { pid: number }) => each.pid === mount.pid)
    assert.equal(seen.state, 'detached')
    holder.stdin?.end('\n')
    assert.equal(await mount.ended, 0, mount.log())
    await assertSaved('a', 'before\nafter\n')
  })

  test('a second signal cuts the holders off; what they had written is saved', async () => {
    const mount = await start()
    const holder = await hold(join(folder, 'a'))
    await writeLine(holder, 'before')
    mount.signal('SIGTERM')
    await waitFor('the mount to be detached', async () => !(await isMounted(folder)))
    await sleep(600)
    mount.signal('SIGTERM')
    assert.equal(await mount.ended, 1, mount.log())
    assert.match(mount.log(), /a second signal: whoever still holds files is cut off/)
    await assertSaved('a', 'before\n')
  })

  test('umount --no-detach leaves a busy mount and fails; umount detaches it', async () => {
    const mount = await start()
    const holder = await hold(join(folder, 'a'))
    const refused = await sandbox.run(['umount', '--no-detach', folder])
    assert.equal(refused.status, 1)
    const held = `pid ${holder.pid} (bash) holds file ${folder}/a`
    assert.ok(refused.stderr.includes(held), refused.stderr)
    assert.equal(await isMounted(folder), true)
    assert.equal(await writeLine(holder, 'line'), 'written')
    const done = await sandbox.run(['umount', folder])
    assert.equal(done.status, 0, done.stderr)
    assert.match(done.stderr, /is busy\n[\s\S]*it is saved and detached/)
    assert.equal(await isMounted(folder), false)
    holder.stdin?.end('\n')
    assert.equal(await mount.ended, 0, mount.log())
    await assertSaved('a', 'line\n')
  })

  test('umount from inside the mount finds its folder', async () => {
    const mount = await start()
    const { status, stderr } = await sandbox.run(['umount', '.'], { cwd: folder })
    assert.equal(status, 0, stderr)
    assert.equal(await mount.ended, 0, mount.log())
  })

  test('the umount of the system ends it too', {
    skip: process.getuid?.() !== 0 && 'needs root',
  }, async () => {
    const mount = await start()
    await writeFile(join(folder, 'a'), 'hello')
    execFileSync('umount', [folder])
    assert.equal(await mount.ended, 0, mount.log())
    await assertSaved('a', 'hello')
    assert.equal((await sandbox.run(['umount', folder])).status, 1)
  })

  test('a mount whose process is stopped is silent, and can be detached all the same', async () => {
    const mount = await start()
    mount.signal('SIGSTOP')
    const [seen] = JSON.parse((await sandbox.run(['status', folder, '--json'])).stdout)
    assert.equal(seen.state, 'silent')
    const { status, stderr } = await sandbox.run(['umount', folder])
    assert.equal(status, 0, stderr)
    assert.match(stderr, /does not answer: [\s\S]* could not be asked to save; it is detached/)
    assert.equal(await isMounted(folder), false)
    mount.signal('SIGCONT')
    assert.equal(await mount.ended, 0, mount.log())
  })

  test('a killed mount is detached by its watcher, and mounted again', async () => {
    const first = await start()
    await writeFile(join(folder, 'a'), 'hello')
    first.signal('SIGKILL')
    await first.ended
    await waitFor('the dead mount to be detached', async () => !(await isMounted(folder)))
    await start()
    assert.equal(await readFile(join(folder, 'a'), 'utf8'), 'hello')
  })

  test('a dead mount that nobody took away is named by doctor, and mounted over', async () => {
    const first = await start()
    killWatcher(first.pid)
    first.signal('SIGKILL')
    await first.ended
    assert.equal(await isMounted(folder), true)
    const listed = await sandbox.run(['status'])
    assert.match(listed.stdout, new RegExp(`^${folder} .* dead `, 'm'))
    const second = await start()
    assert.match(second.log(), /a dead mount was there; it is detached/)
  })

  test('doctor names a dead mount, and its command takes it away', async () => {
    const first = await start()
    killWatcher(first.pid)
    first.signal('SIGKILL')
    await first.ended
    const look = async () => {
      const results = JSON.parse((await sandbox.run(['doctor', '--json'])).stdout)
      return results.find((result: { check: string }) => result.check === 'dead mounts')
    }
    const before = await look()
    assert.equal(before.state, 'warn')
    assert.match(before.summary, new RegExp(folder))
    const mended = await sandbox.shell(before.advice.command)
    assert.equal(mended.status, 0, mended.stderr)
    assert.equal(await isMounted(folder), false)
    assert.doesNotMatch((await look()).summary, new RegExp(folder))
  })
})

/** The watcher is a child of the mount's process. */
function killWatcher(pid: number): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  const isWatcher = (child: string) =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('cassfs-watch')
  const watcher = children.find(isWatcher)
  assert.ok(watcher, 'a mount has a watcher')
  process.kill(Number(watcher), 'SIGKILL')
}

describe('a mount in the background', { skip }, () => {
  test('the command returns when the mount answers; the log has its own file', async () => {
    const { status, stdout, stderr } = await sandbox.run(['--background', './site'])
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    assert.match(
      stdout,
      new RegExp(`^${folder} is mounted \\(process \\d+, log .*/state/log/.*\\.log\\)\n$`),
    )
    await writeFile(join(folder, 'a'), 'hello')
    const log = /log (\S+)\)/.exec(stdout)?.[1] ?? ''
    assert.equal(statSync(log).mode & 0o777, 0o600)
    const pid = Number(/process (\d+)/.exec(stdout)?.[1])
    const done = await sandbox.run(['umount', './site'])
    assert.equal(done.status, 0, done.stderr)
    await waitFor('the process to end', () => !existsSync(`/proc/${pid}`))
    assert.match(readFileSync(log, 'utf8'), / mounted mountpoint=[\s\S]* unmounted mountpoint=/)
    assert.deepEqual(readdirSync(folder), [])
    await assertSaved('a', 'hello')
  })

  test('what fails there is told here, with its exit status', async () => {
    const unknown = await sandbox.run(['--background', '-environment=stagin', './site'])
    assert.equal(unknown.status, 1)
    assert.match(
      unknown.stderr,
      /^cassfs: owner "1" has no environment "stagin"; .*To make it: cassfs env create stagin/,
    )
    writeFileSync(join(folder, 'mine'), '')
    const full = await sandbox.run(['--background', './site'])
    assert.equal(full.status, 1)
    assert.match(full.stderr, /^cassfs: .*site is not empty/)
  })

  test('no password is in the arguments, the environment or the log of its process', async () => {
    const secret = 'geheim-4711'
    const file = join(sandbox.folder, 'secret')
    writeFileSync(file, secret)
    chmodSync(file, 0o600)
    // The embedded store takes none; it is handed to the process all the same.
    const given = [`-password=${secret}`, '-username=u', '-debug', '--background', './site']
    const { status, stdout, stderr } = await sandbox.run(given)
    assert.equal(status, 0, stderr)
    const pid = Number(/process (\d+)/.exec(stdout)?.[1])
    const log = /log (\S+)\)/.exec(stdout)?.[1] ?? ''
    const places = [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`, log]
    const told = await sandbox.run(['status', folder, '--json'])
    const texts = [...places.map((place) => readFileSync(place, 'utf8')), told.stdout, stdout]
    await sandbox.run(['umount', './site'])
    for (const text of texts) assert.ok(!text.includes(secret))
  })
})
