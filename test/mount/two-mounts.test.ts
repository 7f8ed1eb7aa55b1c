/**
 * Two mounts of one environment, two processes on one embedded store: what one changes, the kernel's
 * caches of the other give up. Everything is asked of the second mount first, so that its kernel has it.
 */
import assert from 'node:assert/strict'
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSandbox, type Sandbox } from '../cli/cassfs.js'
import { cleanUp, type ForegroundMount, makeFolder, startMount } from '../cli/mounts.js'

const deviceMissing = await access('/dev/fuse', constants.R_OK | constants.W_OK).then(
  () => undefined,
  () => '/dev/fuse cannot be opened here',
)
const skip = deviceMissing ?? (process.getuid?.() === 0 ? false : 'two mounts are tried as root')

let sandbox: Sandbox
const mounts: ForegroundMount[] = []
let here = ''
let there = ''

before(async () => {
  if (skip) return
  sandbox = openSandbox()
  here = makeFolder(sandbox, 'here')
  there = makeFolder(sandbox, 'there')
  mounts.push(await startMount(sandbox, [here]), await startMount(sandbox, [there]))
})

after(async () => {
  if (skip) return
  for (const mount of mounts) mount.signal('SIGINT')
  await Promise.race([Promise.all(mounts.map((mount) => mount.ended)), sleep(10_000)])
  await cleanUp(mounts, sandbox.folder)
  sandbox.close()
})

/**
 * The bound is `entry_ttl`, 1 s; more is given because test machines are busy, but less than the 10 s
 * after which a kernel that was told nothing asks again by itself.
 */
async function soon(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 8000
  while (!holds()) {
    assert.ok(Date.now() < deadline, `the other mount never saw ${what}`)
    await sleep(50)
  }
}

/** A file that is made and then written may be seen empty in between. */
function holds(name: string, text: string): boolean {
  return exists(join(there, name)) && readFileSync(join(there, name), 'utf8') === text
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

test('a created name that the other mount knew to be absent appears there', { skip }, async () => {
  assert.equal(exists(join(there, 'new')), false)
  writeFileSync(join(here, 'new'), 'born')
  await soon('the new name', () => exists(join(there, 'new')))
  await soon('its bytes', () => holds('new', 'born'))
})

test('a listing that the other kernel holds follows', { skip }, async () => {
  mkdirSync(join(here, 'folder'))
  await soon('the folder', () => exists(join(there, 'folder')))
  assert.deepEqual(readdirSync(join(there, 'folder')), [])
  assert.deepEqual(readdirSync(join(there, 'folder')), [])
  writeFileSync(join(here, 'folder/a'), '')
  await soon('the entry', () => readdirSync(join(there, 'folder')).includes('a'))
  unlinkSync(join(here, 'folder/a'))
  await soon('its end', () => readdirSync(join(there, 'folder')).length === 0)
  rmdirSync(join(here, 'folder'))
  await soon('the end of the folder', () => !exists(join(there, 'folder')))
})

test('a file renamed over another: the name means the new one, an open file the old', {
  skip,
}, async () => {
  writeFileSync(join(here, 'page'), 'old')
  await soon('the file', () => holds('page', 'old'))
  const open = openSync(join(there, 'page'), 'r')
  try {
    assert.equal(readFileSync(join(there, 'page'), 'utf8'), 'old')
    writeFileSync(join(here, 'page.tmp'), 'brand new')
    renameSync(join(here, 'page.tmp'), join(here, 'page'))
    await soon('the new file', () => readFileSync(join(there, 'page'), 'utf8') === 'brand new')
    const bytes = Buffer.alloc(16)
    assert.equal(bytes.toString('utf8', 0, readSync(open, bytes, 0, 16, 0)), 'old')
  } finally {
    closeSync(open)
  }
})

test('an open file follows an in-place write, in bytes and in size', { skip }, async () => {
  writeFileSync(join(here, 'log'), 'one')
  await soon('the file', () => holds('log', 'one'))
  const open = openSync(join(there, 'log'), 'r')
  try {
    assert.equal(readFileSync(join(there, 'log'), 'utf8'), 'one')
    const writing = openSync(join(here, 'log'), 'r+')
    writeSync(writing, 'ONE and two', 0)
    closeSync(writing)
    await soon('the size', () => statSync(join(there, 'log')).size === 11)
    await soon('the bytes', () => {
      const bytes = Buffer.alloc(32)
      return bytes.toString('utf8', 0, readSync(open, bytes, 0, 32, 0)) === 'ONE and two'
    })
  } finally {
    closeSync(open)
  }
})

test('attributes and link counts follow', { skip }, async () => {
  writeFileSync(join(here, 'linked'), 'x')
  await soon('the file', () => exists(join(there, 'linked')))
  assert.equal(statSync(join(there, 'linked')).nlink, 1)
  linkSync(join(here, 'linked'), join(here, 'second'))
  await soon('the link count', () => statSync(join(there, 'linked')).nlink === 2)
  assert.equal(statSync(join(there, 'second')).ino, statSync(join(there, 'linked')).ino)
})

test('both append to one file: nothing is lost', { skip }, async () => {
  writeFileSync(join(here, 'both'), '')
  await soon('the file', () => exists(join(there, 'both')))
  for (let round = 0; round < 20; round++)
    for (const [name, at] of [
      ['h', here],
      ['t', there],
    ] as const)
      writeFileSync(join(at, 'both'), `${name}${round}\n`, { flag: 'a' })
  const lines = () => readFileSync(join(here, 'both'), 'utf8').split('\n').filter(Boolean)
  await soon('all lines', () => lines().length === 40)
  const expected = ['h', 't'].flatMap((name) => Array.from({ length: 20 }, (_, i) => `${name}${i}`))
  assert.deepEqual(lines().sort(), expected.sort())
})
