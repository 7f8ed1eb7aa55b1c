import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { ConfigError } from './config-error.js'
import type { FilesHost } from './config-files.js'
import { loadConfig } from './load-config.js'

const scratch = mkdtempSync(path.join(tmpdir(), 'cassfs-config-'))
let folder = ''
let count = 0

after(() => rmSync(scratch, { recursive: true }))

beforeEach(() => {
  count += 1
  folder = path.join(scratch, String(count))
  for (const name of ['cwd', 'home/cassfs', 'etc/cassfs']) {
    mkdirSync(path.join(folder, name), { recursive: true })
  }
})

const own = process.getuid?.() ?? 0

function host(env: Record<string, string> = {}, uid = own): FilesHost {
  return {
    uid,
    cwd: path.join(folder, 'cwd'),
    env: { XDG_CONFIG_HOME: path.join(folder, 'home'), HOME: '/home/nobody', ...env },
    etcDir: path.join(folder, 'etc'),
  }
}

function write(name: string, text: string, mode = 0o600): string {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

function load(flags: Record<string, string> = {}, from = host()) {
  return loadConfig(new Map(Object.entries(flags)), from)
}

async function problemsOf(loading: Promise<unknown>): Promise<readonly string[]> {
  const error = await loading.then(
    () => assert.fail('was accepted'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ConfigError, String(error))
  return error.problems
}

test('without anything given every option has its default', async () => {
  const { values, origins, warnings, files } = await load({}, host({}, 0))
  assert.equal(values.owner, '1')
  assert.equal(values.environment, 'prod')
  assert.equal(values.keyspace, 'cassfs')
  assert.equal(values.consistency, 'LOCAL_QUORUM')
  assert.equal(values.entry_ttl, 1)
  assert.equal(values.negative_ttl, 1)
  assert.equal(values.ro, false)
  assert.equal(values.server, undefined)
  assert.equal(values.statedir, '/var/lib/cassfs')
  assert.equal(values.allow_other, true)
  assert.deepEqual(origins.owner, { kind: 'default', where: 'default' })
  assert.deepEqual([warnings, files], [[], []])
})

test('a plain user keeps state at home and does not open the mount to others', async () => {
  const plain = await load({}, host({}, 1000))
  assert.equal(plain.values.statedir, '/home/nobody/.local/state/cassfs')
  assert.equal(plain.values.allow_other, false)
  const xdg = await load({}, host({ XDG_STATE_HOME: '/s' }, 1000))
  assert.equal(xdg.values.statedir, '/s/cassfs')
})

test('flag, then environment, then the nearest file, then default', async () => {
  const etc = write('etc/cassfs/cassfs.yaml', 'owner: etc\nkeyspace: etc\nport: 1\nspin: 7\n')
  const home = write('home/cassfs/cassfs.yaml', 'owner: home\nkeyspace: home\nport: 2\n')
  const near = write('cwd/cassfs.yaml', 'owner: near\nkeyspace: near\n')
  const env = { CASSFS_OWNER: 'env', CASSFS_KEYSPACE: 'env' }
  const { values, origins, files } = await load({ owner: 'flag' }, host(env))
  assert.deepEqual(origins.owner, { kind: 'flag', where: '-owner' })
  assert.deepEqual(origins.keyspace, { kind: 'environment', where: 'CASSFS_KEYSPACE' })
  assert.deepEqual(origins.port, { kind: 'file', where: home })
  assert.deepEqual(origins.spin, { kind: 'file', where: etc })
  assert.deepEqual([values.owner, values.keyspace, values.port, values.spin], ['flag', 'env', 2, 7])
  assert.deepEqual(files, [near, home, etc])
})

test('a file takes lists, dashes, and numbers as they are written', async () => {
  write('cwd/cassfs.yaml', 'server: [a, b]\nentry-ttl: 0.5\numask: 022\nowner: 007\nro: yes\n')
  const { values } = await load()
  assert.deepEqual(values.server, ['a', 'b'])
  assert.deepEqual(
    [values.entry_ttl, values.umask, values.owner, values.ro],
    [0.5, 18, '007', true],
  )
})

test('an empty variable counts as not given', async () => {
  assert.equal((await load({}, host({ CASSFS_OWNER: '' }))).values.owner, '1')
})

test('a wrong value names option, value, origin and what is allowed; all of them at once', async () => {
  const file = write('cwd/cassfs.yaml', 'port: 99999\n')
  const from = host({ CASSFS_ENTRY_TTL: 'soon' })
  assert.deepEqual(await problemsOf(load({ consistency: 'ANY' }, from)), [
    `option -port: "99999" (from ${file}) is not allowed; allowed: a whole number from 1 to 65535`,
    'option -consistency: "ANY" (from -consistency) is not allowed; allowed: one of LOCAL_QUORUM, ' +
      'QUORUM, EACH_QUORUM, LOCAL_ONE, ONE, TWO, THREE, ALL',
    'option -entry_ttl: "soon" (from CASSFS_ENTRY_TTL) is not allowed; allowed: seconds from 0 to ' +
      '3600, such as 1 or 0.25',
  ])
})

test('locks over several mounts are refused, not ignored', async () => {
  const [problem] = await problemsOf(load({ locks: 'cluster' }))
  assert.match(problem ?? '', /-locks: "cluster".*allowed: local \(locks over several mounts/)
})

test('mistakes of a file are named with the file', async () => {
  const file = write('cwd/cassfs.yaml', 'ownr: 1\nport:\nkeyspace: {a: b}\n')
  assert.deepEqual(await problemsOf(load()), [
    `${file}: ownr is not an option; did you mean owner?`,
    `${file}: port has no value; give one or remove the line`,
    `${file}: keyspace must be one value, or a list of them`,
  ])
  write('cwd/cassfs.yaml', 'just words')
  assert.match((await problemsOf(load()))[0] ?? '', /must hold lines such as/)
  write('cwd/cassfs.yaml', 'owner: [1')
  assert.ok((await problemsOf(load()))[0]?.startsWith(`${file}: `))
  write('cwd/cassfs.yaml', 'entry_ttl: 1\nentry-ttl: 2')
  assert.match((await problemsOf(load()))[0] ?? '', /entry_ttl is given twice/)
  write('cwd/cassfs.yaml', '# nothing yet\n')
  assert.equal((await load()).values.owner, '1')
})

test('root uses only files that root owns and nobody else writes', {
  skip: own !== 0,
}, async () => {
  const file = write('cwd/cassfs.yaml', 'owner: 7\n', 0o666)
  const loose = await load()
  assert.equal(loose.values.owner, '1')
  assert.match(loose.warnings[0] ?? '', /is not used: others than root may write it/)
  chmodSync(file, 0o644)
  assert.equal((await load()).values.owner, '7')
  chownSync(file, 65534, 65534)
  const foreign = await load()
  assert.equal(foreign.values.owner, '1')
  assert.deepEqual(foreign.warnings, [
    `${file} is not used: user 65534 owns it, not you (0) or root`,
  ])
})

test('a plain user uses own files and root’s, not those of others', {
  skip: own !== 0,
}, async () => {
  const file = write('cwd/cassfs.yaml', 'owner: 7\n')
  assert.equal((await load({}, host({}, 1000))).values.owner, '7')
  chownSync(file, 1000, 1000)
  assert.equal((await load({}, host({}, 1000))).values.owner, '7')
  assert.equal((await load({}, host({}, 1001))).values.owner, '1')
})

test('the password comes from a file too, the nearer place wins, and it is never shown', async () => {
  const file = write('secret', 'p w\n')
  write('etc/cassfs/cassfs.yaml', 'password: far\n')
  const fromFile = await load({}, host({ CASSFS_PASSWORD_FILE: file }))
  assert.equal(fromFile.values.password, 'p w')
  assert.equal(fromFile.origins.password.where, file)
  assert.doesNotMatch(JSON.stringify(fromFile.texts), /p w|far/)
  const direct = await load({ password: 'direct' }, host({ CASSFS_PASSWORD_FILE: file }))
  assert.equal(direct.values.password, 'direct')
  assert.match(direct.warnings.join(), /-password can be seen by other users/)
  const missing = await problemsOf(load({ password_file: 'nowhere' }))
  const wanted = path.join(folder, 'cwd/nowhere')
  assert.deepEqual(missing, [
    `option -password_file: "${wanted}" (from -password_file) cannot be read (ENOENT); ` +
      'allowed: the path of a readable file',
  ])
})

test('a wrong secret is not in the message', async () => {
  const file = write('secret', '\n')
  const problems = await problemsOf(load({ password_file: file }))
  assert.deepEqual(problems, [
    `option -password: the value (from ${file}) is not allowed; ` +
      'allowed: a password of at least one character',
  ])
})

test('a file with a password that others may read is told', async () => {
  const file = write('cwd/cassfs.yaml', 'password: x\n', 0o644)
  assert.deepEqual((await load()).warnings, [
    `${file} holds a password and others may read it; run: chmod 600 ${file}`,
  ])
})

test('relative paths: of a flag from the working directory, of a file from its folder', async () => {
  write('home/cassfs/cassfs.yaml', 'log_file: logs/a.log\n')
  const { values } = await load({ statedir: 'state' })
  assert.equal(values.statedir, path.join(folder, 'cwd/state'))
  assert.equal(values.log_file, path.join(folder, 'home/cassfs/logs/a.log'))
})

test('options of the first CassFS without effect are warned about, as are misspelt variables', async () => {
  const env = { CASSFS_FCACHE_TTL: '5', CASSFS_OWENR: '3', CASSFS_TEST_SERVER: 'x' }
  const { warnings } = await load({ voldir: '/v' }, host(env))
  assert.deepEqual(warnings, [
    'CASSFS_OWENR is not an option; did you mean CASSFS_OWNER?',
    '-voldir has no effect: Was the folder of the Docker volume plugin.',
    'CASSFS_FCACHE_TTL has no effect: Content is kept by its hash, so it never grows stale.',
  ])
})

test('without a home there is no default state folder, and the message says so', async () => {
  const from = { ...host({}, 1000), env: {} }
  assert.deepEqual(await problemsOf(load({}, from)), [
    'option -statedir has no value here; allowed: the path of a folder',
  ])
})
