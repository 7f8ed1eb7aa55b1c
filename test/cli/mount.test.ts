/** Mounts in the foreground: their folder, their environment, how others see them. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { withInstalled } from '../support/installed.js'
import { run } from '../support/process.js'
import { targetMissing } from '../support/target.js'
import { openSandbox, type Sandbox } from './cassfs.js'
import { cleanUp, type ForegroundMount, isMounted, makeFolder, startMount } from './mounts.js'

const skip = (await targetMissing('cassfs')) ?? false

const remountScript = `
set -e
mount -o remount,ro "$PWD"
if mkdir b 2>/dev/null; then exit 9; fi
if echo x 2>/dev/null >a; then exit 9; fi
test "$(cat a)" = before
echo read-only
mount -o remount,rw "$PWD"
exec 3>>a
if mount -o remount,ro "$PWD" 2>/dev/null; then exit 9; fi
echo busy
exec 3>&-
echo after >a
echo writable
`

describe('a mount in the foreground', { skip }, () => {
  let sandbox: Sandbox
  let folder: string
  let mounts: ForegroundMount[]

  beforeEach(() => {
    sandbox = openSandbox()
    folder = makeFolder(sandbox, 'site')
    mounts = []
  })
  afterEach(async () => {
    await cleanUp(mounts, sandbox.folder)
    sandbox.close()
  })

  const start = async (...args: string[]) => {
    const mount = await startMount(sandbox, args)
    mounts.push(mount)
    return mount
  }
  const umount = async (mount: ForegroundMount) => {
    const { status, stderr } = await sandbox.run(['umount', folder])
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    assert.equal(await mount.ended, 0, mount.log())
  }
  const refusal = async (...args: string[]) => {
    const { status, stderr } = await sandbox.run(args)
    assert.equal(status, 1, stderr)
    return stderr
  }

  test('on a fresh machine a folder is enough; the files are there the next time', async () => {
    const first = await start('./site')
    await writeFile(join(folder, 'a'), 'hello')
    await umount(first)
    assert.deepEqual(readdirSync(folder), [])
    const second = await start('-debug', './site')
    assert.equal(await readFile(join(folder, 'a'), 'utf8'), 'hello')
    await umount(second)
    assert.match(second.log(), /debug .*LOOKUP/, 'debug traces the protocol')
    assert.equal(statSync(join(sandbox.folder, 'state')).mode & 0o777, 0o700)
  })

  test('a missing folder is made', async () => {
    await start('./new')
    assert.equal(await isMounted(join(sandbox.folder, 'new')), true)
  })

  test('status tells the mount, for people and programs', async () => {
    const mount = await start('-owner', 'acme', '--create', './site')
    const { stdout } = await sandbox.run(['status', '--json'])
    const seen = JSON.parse(stdout).find(
      (each: { mountpoint: string }) => each.mountpoint === folder,
    )
    const { state, pid, owner, environment, engine, readOnly, status } = seen
    assert.deepEqual(
      { state, pid, owner, environment, engine, readOnly },
      {
        state: 'running',
        pid: mount.pid,
        owner: 'acme',
        environment: 'prod',
        engine: 'lmdb',
        readOnly: false,
      },
    )
    assert.equal(status.store.state, 'answering')
    const table = await sandbox.run(['status'])
    assert.match(
      table.stdout,
      new RegExp(`^${folder} +acme +prod +lmdb +running +${mount.pid}`, 'm'),
    )
    const details = await sandbox.run(['status', folder])
    assert.match(details.stdout, /^environment +prod$/m)
  })

  test('what cannot be mounted on is refused', async () => {
    writeFileSync(join(folder, 'mine'), '')
    assert.match(await refusal('./site'), /site is not empty \("mine"\): .*choose an empty folder/)
    await mkdir(join(sandbox.folder, 'twice'))
    await start('./twice')
    const again = await refusal('./twice')
    assert.match(again, /a CassFS is mounted on .*twice and works; to end it: cassfs umount/)
    assert.match(await refusal('mount', '/proc'), /\/proc is already a mount \(type proc\)/)
    const inside = ['-statedir', join(sandbox.folder, 'o/state'), join(sandbox.folder, 'o')]
    assert.match(await refusal(...inside), /lies below .*: state and log must be outside/)
  })

  test('of two that start on one folder at once a single one mounts', async () => {
    const both = await Promise.allSettled([start('./site'), start('./site')])
    const failed = both.filter((result) => result.status === 'rejected')
    assert.equal(failed.length, 1)
    assert.match(String(failed[0]?.reason), /is taken: process \d+|a CassFS is mounted on/)
  })

  test('a state folder that others may enter is refused, unless it is empty', async () => {
    const state = makeFolder(sandbox, 'shared')
    writeFileSync(join(state, 'theirs'), '')
    const said = await refusal('-statedir=./shared', './site')
    assert.match(said, /shared is open to others \(mode 755\); .*run: chmod 700/)
    assert.equal(statSync(state).mode & 0o777, 0o755)
  })

  test('an unknown environment is refused with the near ones and the command that makes it', async () => {
    await sandbox.run(['env', 'create', 'staging'])
    const said = await refusal('-environment', 'stagin', './site')
    assert.match(said, /owner "1" has no environment "stagin"; did you mean staging\?/)
    const command = /To make it: (.*)\n/.exec(said)?.[1] ?? ''
    const made = await sandbox.shell(command)
    assert.equal(made.status, 0, made.stderr)
    await start('-environment', 'stagin', './site')
  })

  test('only prod of owner 1 is made by itself', async () => {
    assert.match(await refusal('-owner=2', './site'), /owner "2" has no environment "prod"/)
    await start('-owner=2', '--create', './site')
  })

  test('-ro, -uid, -gid and -umask do what they say', async () => {
    const first = await start('./site')
    await writeFile(join(folder, 'a'), 'x', { mode: 0o666 })
    await umount(first)
    const second = await start('-ro', '-uid=12', '-gid=34', '-umask=027', './site')
    const { uid, gid, mode } = await stat(join(folder, 'a'))
    assert.deepEqual([uid, gid, mode & 0o777], [12, 34, 0o640 & 0o644])
    await assert.rejects(writeFile(join(folder, 'b'), ''), { code: 'EROFS' })
    await umount(second)
  })

  test('ls, cat and stat look at a volume, mounted or not; odd names are shown escaped', async () => {
    const mount = await start('./site')
    await writeFile(join(folder, 'plain'), 'plain content')
    await writeFile(
      Buffer.concat([Buffer.from(`${folder}/odd\n`), Buffer.from([0xff])]),
      'odd content',
    )
    await symlink('plain', join(folder, 'link'))
    const look = async () => {
      assert.equal((await sandbox.run(['ls'])).stdout, 'link\nodd\\n\\xff\nplain\n')
      const long = await sandbox.run(['ls', '-l', '/'])
      assert.match(long.stdout, /^lrwxrwxrwx .* link -> plain$/m)
      const json = JSON.parse((await sandbox.run(['ls', '--json'])).stdout)
      assert.equal(json[1].nameBytes, '6f64640aff')
      assert.equal(
        (await sandbox.run(['cat', 'link', '/plain'])).stdout,
        'plain contentplain content',
      )
      assert.equal((await sandbox.shell("cassfs cat $'odd\\n\\xff'")).stdout, 'odd content')
      const facts = JSON.parse((await sandbox.run(['stat', '--json', 'plain'])).stdout)
      assert.deepEqual([facts.type, facts.size], ['file', 13])
    }
    await look()
    await umount(mount)
    await look()
    assert.match(await refusal('cat', '/none'), /\/none cannot be read: no such file or directory/)
    assert.match(await refusal('cat', '/'), /\/ cannot be read: illegal operation on a directory/)
  })

  test('environments are listed, and deleted when nobody has them mounted', async () => {
    const mount = await start('-environment=old', '--create', './site')
    await writeFile(join(folder, 'a'), 'x'.repeat(2048))
    const busy = await refusal('env', 'delete', 'old', '--yes')
    assert.match(busy, /environment "old" is in use/)
    await umount(mount)
    const [listed] = JSON.parse((await sandbox.run(['env', 'list', '--json'])).stdout)
    assert.deepEqual([listed.environment, listed.state, listed.usedInodes], ['old', 'live', 2])
    assert.match((await sandbox.run(['env', 'list'])).stdout, /^old +live +2\.0 KiB +2 /m)
    const deleted = await sandbox.run(['env', 'delete', 'old', '--yes'])
    assert.equal(deleted.status, 0, deleted.stderr)
    assert.match(await refusal('env', 'delete', 'old', '--yes'), /has no environment "old"/)
  })

  test('a password of the command line is not seen among the processes', async () => {
    const secret = 'geheim-4711'
    const mount = await start('-username=u', '-password', secret, '-keyspace=k', './site')
    const shown = readFileSync(`/proc/${mount.pid}/cmdline`, 'utf8')
    assert.ok(shown.includes('-keyspace=k') && shown.includes('./site'), shown)
    assert.ok(!shown.includes(secret), shown)
    assert.match(mount.log(), /-password can be seen by other users/)
    assert.ok(!mount.log().includes(secret))
  })

  test('mount -o remount makes it read-only and back, and the process goes on', async () => {
    const mount = await start('./site')
    await writeFile(join(folder, 'a'), 'before')
    const script = join(sandbox.folder, 'script')
    writeFileSync(script, remountScript)
    const [program, flags] = withInstalled(sandbox.folder, ['bash', script])
    const options = { cwd: folder, env: sandbox.env }
    assert.equal(await run(program, flags, options), 'read-only\nbusy\nwritable\n')
    assert.equal(await readFile(join(folder, 'a'), 'utf8'), 'after\n')
    const none = await sandbox.run(['x', sandbox.folder, '-o', 'ro,remount'])
    assert.match(none.stderr, /no CassFS is mounted on/)
    assert.equal(none.status, 1)
    assert.equal(mount.process.exitCode, null)
    await umount(mount)
  })

  test('log_file takes the log instead of standard error', async () => {
    const child = sandbox.start(['-log_file=a.log', '-log_format=json', './site'])
    const file = join(sandbox.folder, 'a.log')
    for (let count = 0; count < 200 && !(await isMounted(folder)); count += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await sandbox.run(['umount', folder])
    if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
    const lines = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual([lines[0].msg, lines.at(-1).msg], ['mounted', 'unmounted'])
    assert.equal(statSync(file).mode & 0o777, 0o600)
  })
})
