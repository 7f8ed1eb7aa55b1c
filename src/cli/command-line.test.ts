import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { readOrder } from './command-line.js'
import { UsageError } from './usage-error.js'

const cwd = mkdtempSync(path.join(tmpdir(), 'cassfs-words-'))
mkdirSync(path.join(cwd, 'site'))
mkdirSync(path.join(cwd, 'status'))
writeFileSync(path.join(cwd, 'file'), '')
after(() => rmSync(cwd, { recursive: true }))

async function read(...rest: string[]) {
  const order = await readOrder(rest, cwd)
  if (order.kind !== 'run') return order
  return { command: order.spec.words.join(' '), args: order.args, options: order.options }
}

async function refusal(...rest: string[]): Promise<string> {
  const error = await readOrder(rest, cwd).then(
    () => assert.fail('was accepted'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof UsageError, String(error))
  return error.message
}

test('a word with a slash, a dot, or an existing folder is mounted on', async () => {
  for (const folder of ['./new', 'a/b', '/srv', '.', '..', 'site']) {
    assert.deepEqual(await read(folder), { command: 'mount', args: [folder], options: {} })
  }
  assert.deepEqual(await read('mount', 'anything'), {
    command: 'mount',
    args: ['anything'],
    options: {},
  })
})

test('a command is a command, though a folder of that name exists; behind -- it is the folder', async () => {
  assert.deepEqual(await read('status'), {
    command: 'status',
    args: [],
    options: { json: undefined },
  })
  assert.deepEqual(await read('--', 'status'), { command: 'mount', args: ['status'], options: {} })
  assert.deepEqual(await read('./status'), { command: 'mount', args: ['./status'], options: {} })
})

test('a typing error in a command does not become a mount', async () => {
  assert.equal(
    await refusal('statsu'),
    'unknown command "statsu"; did you mean status or stat? ' +
      '(to mount on a new folder of that name: cassfs ./statsu)',
  )
  assert.match(await refusal('file'), /^unknown command "file"/)
  assert.match(await refusal('frobnicate'), /all commands: cassfs help/)
})

test('commands of two words, with arguments and own options', async () => {
  assert.deepEqual(await read('env', 'create', 'staging'), {
    command: 'env create',
    args: ['staging'],
    options: {},
  })
  assert.deepEqual(await read('env', 'list', '--json'), {
    command: 'env list',
    args: [],
    options: { json: true },
  })
  assert.deepEqual(await read('init', '--replication=dc1=3', '--dry-run'), {
    command: 'init',
    args: [],
    options: { replication: 'dc1=3', 'dry-run': true },
  })
  assert.deepEqual(await read('umount', '--no-detach', './site'), {
    command: 'umount',
    args: ['./site'],
    options: { 'no-detach': true },
  })
  assert.deepEqual((await read('umount', './site')) as unknown, {
    command: 'umount',
    args: ['./site'],
    options: { 'no-detach': false },
  })
  const long = { command: 'ls', args: ['/a'], options: { long: true, json: undefined } }
  assert.deepEqual(await read('ls', '-l', '/a'), long)
  assert.deepEqual(await read('cat', 'a', 'b'), { command: 'cat', args: ['a', 'b'], options: {} })
})

test('missing and superfluous words are told, with the page to read', async () => {
  assert.match(await refusal('env'), /a command is missing; see: cassfs help env$/)
  assert.match(await refusal('env', 'lst'), /unknown command 'lst' \(Did you mean list\?\)/)
  assert.match(
    await refusal('env', 'create'),
    /missing.*'environment'; see: cassfs help env create$/,
  )
  assert.match(await refusal('env', 'list', 'x'), /too many arguments.*see: cassfs help env list$/)
  assert.match(await refusal('./site', './other'), /too many arguments/)
  assert.match(await refusal('status', '--dry-run'), /unknown option '--dry-run'/)
})

test('help, version, nothing', async () => {
  assert.deepEqual(await read('help'), { kind: 'help', words: [] })
  assert.deepEqual(await read('help', 'env', 'list'), { kind: 'help', words: ['env', 'list'] })
  assert.deepEqual(await read('umount', '--help'), { kind: 'help', words: ['umount'] })
  assert.deepEqual(await read('./site', '--help'), { kind: 'help', words: [] })
  assert.deepEqual(await read('--version'), { kind: 'version' })
  assert.deepEqual(await read(), { kind: 'nothing' })
})
