import assert from 'node:assert/strict'
import { test } from 'node:test'
import { optionTable } from '../config/option-table.js'
import { ownOptions } from './command-table.js'
import { splitArguments } from './split-arguments.js'
import { UsageError } from './usage-error.js'

function split(...argv: string[]) {
  const { flags, rest } = splitArguments(argv, optionTable, ownOptions)
  return { flags: Object.fromEntries(flags), rest }
}

function refusal(...argv: string[]): string {
  try {
    split(...argv)
  } catch (error) {
    assert.ok(error instanceof UsageError)
    return error.message
  }
  return assert.fail('was accepted')
}

test('every style of an option with a value means the same', () => {
  const styles = [
    ['-entry_ttl=2'],
    ['-entry_ttl', '2'],
    ['--entry_ttl=2'],
    ['--entry_ttl', '2'],
    ['--entry-ttl=2'],
    ['-entry-ttl', '2'],
  ]
  for (const style of styles) {
    assert.deepEqual(split(...style, './site'), { flags: { entry_ttl: '2' }, rest: ['./site'] })
  }
})

test('a switch stands alone, takes a value after = only, and can be negated', () => {
  assert.deepEqual(split('-ro', './site'), { flags: { ro: 'true' }, rest: ['./site'] })
  assert.deepEqual(split('-ro=false', './site').flags, { ro: 'false' })
  assert.deepEqual(split('-ro', 'false').rest, ['false'])
  assert.deepEqual(split('--no-allow-other').flags, { allow_other: 'false' })
})

test('options stand before and behind the command, the last of two wins', () => {
  const { flags, rest } = split('-owner=1', 'env', '-keyspace', 'k', 'list', '--owner', '2')
  assert.deepEqual({ flags, rest }, { flags: { keyspace: 'k', owner: '2' }, rest: ['env', 'list'] })
})

test('values may be empty, hold =, or begin with a dash', () => {
  assert.deepEqual(split('-password=a=b', '-username=').flags, { password: 'a=b', username: '' })
  assert.deepEqual(split('-password', '-x-').flags, { password: '-x-' })
})

test('an option of single commands is left for them in one style', () => {
  assert.deepEqual(split('ls', '-l', '-json').rest, ['ls', '-l', '--json'])
  assert.deepEqual(split('init', '--dry_run', '-replication', 'dc1=3').rest, [
    'init',
    '--dry-run',
    '--replication=dc1=3',
  ])
  assert.deepEqual(split('umount', '-no_detach', '.').rest, ['umount', '--no-detach', '.'])
})

test('nothing behind -- is an option; a dash alone is none', () => {
  assert.deepEqual(split('-ro', '--', '-owner=2'), {
    flags: { ro: 'true' },
    rest: ['--', '-owner=2'],
  })
  assert.deepEqual(split('cat', '-').rest, ['cat', '-'])
})

test('help and version in every style', () => {
  for (const word of ['-h', '-help', '--help']) assert.deepEqual(split(word).rest, ['--help'])
  for (const word of ['-V', '-version', '--version']) {
    assert.deepEqual(split(word).rest, ['--version'])
  }
})

test('an unknown option is named, with what is near', () => {
  assert.equal(refusal('-ownr=1'), 'unknown option -ownr; did you mean -owner?')
  assert.equal(refusal('--jsn'), 'unknown option --jsn; did you mean --json?')
  assert.equal(refusal('-frobnicate'), 'unknown option -frobnicate; all options: cassfs help')
  assert.match(refusal('-json=true'), /unknown option -json/)
})

test('a missing value is named, with what is allowed', () => {
  assert.match(refusal('./site', '-port'), /^option -port needs a value; allowed: a whole number/)
  assert.match(refusal('-owner', '-ro', './site'), /^option -owner needs a value/)
  assert.match(refusal('-owner', '--', './site'), /^option -owner needs a value/)
})

test('options of the first CassFS without effect are still understood', () => {
  const { flags, rest } = split('-fcache_ttl=5', '-mount', '/x', '-voldir=/y', './site')
  assert.deepEqual(flags, { fcache_ttl: '5', mount: '/x', voldir: '/y' })
  assert.deepEqual(rest, ['./site'])
})
