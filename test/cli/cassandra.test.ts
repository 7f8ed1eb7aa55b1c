/** The command line against a Cassandra of its own, with passwords: doctor, init, mount. */
import assert from 'node:assert/strict'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import type { DoctorSystem, Finding } from '../../src/cli/doctor/check.js'
import { clockCheck } from '../../src/cli/doctor/store.js'
import { loadConfig } from '../../src/config/load-config.js'
import { cassandraMissing, openTestCassandra, type TestCassandra } from '../support/cassandra.js'
import { targetMissing } from '../support/target.js'
import { openSandbox, type Sandbox } from './cassfs.js'
import { cleanUp, type ForegroundMount, isMounted, makeFolder, startMount } from './mounts.js'

const skip = (await targetMissing('cassfs')) ?? (await cassandraMissing()) ?? false

describe('cassfs on Cassandra', { skip }, () => {
  let cassandra: TestCassandra
  let sandbox: Sandbox
  let server: string[]
  let login: string[]
  let mounts: ForegroundMount[] = []

  before(async () => {
    cassandra = await openTestCassandra({ own: true, auth: true })
    sandbox = openSandbox()
    const file = join(sandbox.folder, 'password')
    writeFileSync(file, 'cassandra\n', { mode: 0o600 })
    server = [`-server=${cassandra.server}`]
    login = [...server, '-username=cassandra', `-password_file=${file}`]
  })
  after(async () => {
    sandbox?.close()
    await cassandra?.close()
  })
  afterEach(async () => {
    await cleanUp(mounts, sandbox.folder)
    mounts = []
  })

  const doctor = async (check: string, flags: string[]): Promise<Finding> => {
    const { stdout, stderr } = await sandbox.run(['doctor', '--json', ...flags])
    const results = JSON.parse(stdout || '[]') as (Finding & { check: string })[]
    return results.find((result) => result.check === check) ?? assert.fail(stderr)
  }

  test('doctor, store: a login is wanted, and given as advised', async () => {
    const before = await doctor('store', server)
    assert.equal(before.state, 'fail', before.summary)
    assert.match(before.advice?.text ?? '', /give -username and -password_file/)
    assert.equal((await doctor('store', login)).state, 'ok')
  })

  test('mounting before init is refused, with the command that makes the tables', async () => {
    const folder = makeFolder(sandbox, 'early')
    const { status, stderr } = await sandbox.run([...login, folder])
    assert.equal(status, 1)
    assert.match(stderr, /cassfs init -server=/)
    assert.equal(await isMounted(folder), false)
  })

  test('init --dry-run prints what it would do and does nothing', async () => {
    const { status, stdout } = await sandbox.run(['init', '--dry-run', '--replication=1', ...login])
    assert.equal(status, 0)
    assert.match(stdout, /CREATE KEYSPACE IF NOT EXISTS "cassfs"/)
    assert.equal((await doctor('schema', login)).state, 'fail')
  })

  test('doctor, schema: the printed command makes the tables', async () => {
    const before = await doctor('schema', login)
    assert.equal(before.state, 'fail')
    const mended = await sandbox.shell(before.advice?.command ?? '')
    assert.equal(mended.status, 0, mended.stderr)
    assert.match(mended.stdout, /keyspace cassfs is made; to mount: cassfs .*-server=/)
    assert.equal((await doctor('schema', login)).state, 'ok')
    const again = await sandbox.run(['init', '--replication=3', ...login])
    assert.match(again.stdout, /was complete already/)
    assert.match(again.stderr, /its replication stays/)
  })

  test('a mount works, and another one finds its files', async () => {
    const folder = makeFolder(sandbox, 'site')
    const content = 'x'.repeat(300_000)
    const first = await startMount(sandbox, [...login, folder])
    mounts.push(first)
    await writeFile(join(folder, 'a'), content)
    const status = JSON.parse((await sandbox.run(['status', folder, '--json'])).stdout)
    assert.equal(status[0].engine, 'cassandra')
    assert.equal((await sandbox.run(['umount', folder])).status, 0)
    assert.equal(await first.ended, 0, first.log())
    rmSync(join(sandbox.folder, 'state'), { recursive: true, force: true })
    mounts.push(await startMount(sandbox, [...login, folder]))
    assert.equal(await readFile(join(folder, 'a'), 'utf8'), content)
    assert.equal((await sandbox.run(['cat', '/a', ...login])).stdout, content)
  })

  test('what a mount has loaded is there for the next one, also when it was killed', async () => {
    const folder = makeFolder(sandbox, 'again')
    const storeCalls = async () => {
      const { stdout } = await sandbox.run(['status', folder, '--json'])
      return JSON.parse(stdout)[0].status.counts.store as Record<string, number>
    }
    rmSync(join(sandbox.folder, 'state'), { recursive: true, force: true })
    const first = await startMount(sandbox, [...login, folder])
    mounts.push(first)
    await writeFile(join(folder, 'b'), 'before')
    assert.ok(((await storeCalls()).scan ?? 0) > 0)
    first.signal('SIGKILL')
    await first.ended
    await sandbox.run(['umount', folder])
    const second = await startMount(sandbox, [...login, folder])
    mounts.push(second)
    assert.equal(await readFile(join(folder, 'b'), 'utf8'), 'before')
    assert.equal((await storeCalls()).scan ?? 0, 0)
    assert.equal((await sandbox.run(['umount', folder])).status, 0)
    assert.equal(await second.ended, 0, second.log())
    mounts.push(await startMount(sandbox, [...login, folder]))
    assert.equal(await readFile(join(folder, 'b'), 'utf8'), 'before')
    assert.equal((await storeCalls()).scan ?? 0, 0)
  })

  test('doctor, clock: one that is wrong is told, and set by the network', async () => {
    const wrong = join(sandbox.folder, 'clock-is-wrong')
    writeFileSync(wrong, '')
    const isSet = `[ "$*" = 'set-ntp true' ] && rm '${wrong}'`
    writeFileSync(join(sandbox.folder, 'timedatectl'), `#!/bin/sh\n${isSet}\n`, { mode: 0o755 })
    const flags = new Map(login.map((flag) => flag.slice(1).split('=') as [string, string]))
    const host = { uid: 0, cwd: '/', env: { HOME: sandbox.folder }, etcDir: sandbox.folder }
    const { values } = await loadConfig(flags, host)
    const nowMs = () => Date.now() - (existsSync(wrong) ? 600_000 : 0)
    const look = () => clockCheck.run({ nowMs } as DoctorSystem, values)
    const before = await look()
    assert.equal(before.state, 'warn')
    assert.match(before.summary, /this clock is 10m behind the store's|this clock is 9m 59s behind/)
    const mended = await sandbox.shell(before.advice?.command ?? '')
    assert.equal(mended.status, 0, mended.stderr)
    assert.equal((await look()).state, 'ok')
  })

  test('doctor, store: where nobody listens, Cassandra is started as advised', async () => {
    await cassandra.stop()
    const before = await doctor('store', login)
    assert.equal(before.state, 'fail')
    assert.match(before.summary, /no contact point answers \(.*ECONNREFUSED\)/)
    assert.match(before.advice?.text ?? '', /start Cassandra there/)
    const folder = makeFolder(sandbox, 'out')
    const refused = await sandbox.run([...login, folder])
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /^cassfs: [^\n]*does not answer at 127\.[^\n]*\n$/)
    await cassandra.start()
    assert.equal((await doctor('store', login)).state, 'ok')
  })

  test('doctor, store: a misspelt host, and a port of somebody else, are told apart', async () => {
    const host = await doctor('store', ['-server=no-such-host.invalid'])
    assert.match(host.advice?.text ?? '', /no such host|network/)
    const { createServer } = await import('node:net')
    const other = createServer((socket) => socket.end('SSH-2.0-other\r\n'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const foreign = await doctor('store', [`-server=127.0.0.1:${port}`])
    other.close()
    assert.match(foreign.advice?.text ?? '', /another program listens there/)
  })
})
