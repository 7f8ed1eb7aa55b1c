/** Help, version, mistakes, configuration: what needs neither a store nor a mount. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { projectPath } from '../support/project.js'
import { openSandbox } from './cassfs.js'

const sandbox = openSandbox()
after(() => sandbox.close())

/** Writes the URL of every module that is loaded to a file. */
const hooks = `
  import { appendFileSync } from 'node:fs'
  export async function resolve(specifier, context, next) {
    const found = await next(specifier, context)
    appendFileSync(process.env.MODULE_LIST, found.url + '\\n')
    return found
  }`
const registering = `import { register } from 'node:module'
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}))`

/** The packages that a command loads. */
async function packagesOf(...args: string[]): Promise<Set<string>> {
  const list = join(sandbox.folder, `modules-${args.join('')}`)
  writeFileSync(list, '')
  const file = join(sandbox.folder, 'register.mjs')
  writeFileSync(file, registering)
  await sandbox.run(args, { env: { NODE_OPTIONS: `--import=${file}`, MODULE_LIST: list } })
  const urls = readFileSync(list, 'utf8').split('\n')
  assert.ok(
    urls.some((url) => url.endsWith('/cli/main.js')),
    'modules are listed',
  )
  const names = urls.flatMap((url) => /node_modules\/((@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? [])
  return new Set(names)
}

describe('start-up loads what the command needs', () => {
  test('help, version and mistakes load no package', async () => {
    for (const args of [['--help'], ['help', 'mount'], ['--version'], ['-nonsense'], []]) {
      assert.deepEqual([...(await packagesOf(...args))], [], args.join(' '))
    }
  })

  test('commands without a store load no engine and no native code', async () => {
    assert.deepEqual([...(await packagesOf('version'))], ['commander'])
    assert.deepEqual([...(await packagesOf('status'))], ['commander'])
    assert.deepEqual([...(await packagesOf('config'))].sort(), ['commander', 'zod'])
  })
})

describe('words', () => {
  test('the version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(projectPath('package.json'), 'utf8'))
    for (const args of [['version'], ['--version'], ['-version']]) {
      const { status, stdout } = await sandbox.run(args)
      assert.deepEqual({ status, stdout }, { status: 0, stdout: `cassfs ${version}\n` })
    }
  })

  test('help goes to standard output and is a success; nothing asked for is neither', async () => {
    const help = await sandbox.run(['--help'])
    assert.equal(help.status, 0)
    assert.match(help.stdout, /Usage: cassfs \[options\] <folder>/)
    const nothing = await sandbox.run([])
    assert.equal(nothing.status, 2)
    assert.equal(nothing.stdout, '')
    assert.equal(nothing.stderr, help.stdout)
  })

  test('mistakes are told in one line, with exit status 2 and without a stack', async () => {
    const wrong = [
      ['statsu'],
      ['-ownr=1', './site'],
      ['env'],
      ['-port=0', 'config'],
      ['completion', 'tcsh'],
      ['help', 'nonsense'],
      ['env', 'delete', 'prod'],
    ]
    for (const args of wrong) {
      const { status, stdout, stderr } = await sandbox.run(args)
      assert.deepEqual({ args, status, stdout }, { args, status: 2, stdout: '' })
      assert.match(stderr, /^cassfs: [^\n]+\n$/)
    }
  })

  test('a reader that has had enough is no error', async () => {
    const { status, stderr } = await sandbox.shell('set -o pipefail; cassfs help | head -1')
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  })
})

describe('configuration', () => {
  const options = async (args: string[], env: NodeJS.ProcessEnv = {}) => {
    const { stdout } = await sandbox.run(['config', '--json', ...args], { env })
    return JSON.parse(stdout).options
  }

  test('flag, environment, file, default, each with its origin', async () => {
    const file = join(sandbox.folder, 'cassfs.yaml')
    writeFileSync(file, 'keyspace: from_file\nport: 1\nowner: 3\n', { mode: 0o600 })
    const found = await options(['-owner=1x'], { CASSFS_PORT: '2' })
    assert.deepEqual(found.owner, { value: '1x', origin: 'flag', from: '-owner' })
    assert.deepEqual(found.port, { value: 2, origin: 'environment', from: 'CASSFS_PORT' })
    assert.deepEqual(found.keyspace, { value: 'from_file', origin: 'file', from: file })
    assert.deepEqual(found.environment, { value: 'prod', origin: 'default', from: 'default' })
    writeFileSync(file, '')
  })

  test('the table for people names value and origin', async () => {
    const { stdout } = await sandbox.run(['config', '-entry_ttl', '0.5'])
    assert.match(stdout, /^entry_ttl +0\.5 +-entry_ttl$/m)
    assert.match(stdout, /^server +- +default$/m)
  })

  test('a password is nowhere to be seen, however it was given', async () => {
    const secret = 'geheim-4711'
    const file = join(sandbox.folder, 'secret')
    writeFileSync(file, `${secret}\n`, { mode: 0o600 })
    const ways: [string[], NodeJS.ProcessEnv][] = [
      [[`-password=${secret}`], {}],
      [['-password', secret], {}],
      [[], { CASSFS_PASSWORD: secret }],
      [['-password_file', file], {}],
    ]
    for (const [args, env] of ways) {
      for (const form of [[], ['--json'], ['-debug']]) {
        const { stdout, stderr } = await sandbox.run(['config', ...args, ...form], { env })
        assert.ok(!`${stdout}${stderr}`.includes(secret), `${args.join(' ')} ${form.join(' ')}`)
        assert.match(stdout, /\(hidden\)|"isSet": true/)
      }
    }
  })
})

describe('without a mount', () => {
  test('umount of what is no mount, or no CassFS, says so', async () => {
    const nothing = await sandbox.run(['umount', sandbox.folder])
    assert.deepEqual(nothing, {
      status: 1,
      stdout: '',
      stderr: `cassfs: nothing is mounted on ${sandbox.folder}\n`,
    })
    const foreign = await sandbox.run(['umount', '/proc'])
    assert.equal(foreign.status, 1)
    assert.equal(foreign.stderr, 'cassfs: /proc is no CassFS but of type proc; use: umount /proc\n')
    const missing = await sandbox.run(['umount', join(sandbox.folder, 'no/such')])
    assert.equal(missing.status, 1)
    assert.match(missing.stderr, /no such file or directory/)
  })

  test('status of a folder that is no mount says so', async () => {
    const { status, stderr } = await sandbox.run(['status', sandbox.folder])
    assert.equal(status, 1)
    assert.match(stderr, /no CassFS is mounted on .*; all: cassfs status/)
  })

  test('doctor prints one object a check for programs', async () => {
    const { stdout } = await sandbox.run(['doctor', '--json'])
    const results = JSON.parse(stdout) as { check: string; state: string; summary: string }[]
    const node = results.find((result) => result.check === 'node')
    assert.deepEqual(node, {
      check: 'node',
      state: 'ok',
      summary: `Node.js ${process.versions.node}`,
    })
    const kinds = new Set(results.map((result) => result.state))
    for (const kind of kinds) assert.ok(['ok', 'warn', 'fail', 'skip'].includes(kind))
  })
})
