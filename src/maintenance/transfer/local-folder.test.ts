// What a folder of this machine never does: leave itself through a symbolic link.

import assert from 'node:assert/strict'
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Entry } from './entry.js'
import { LocalFolder } from './local-folder.js'

let root = ''
let folder: LocalFolder
const outside = () => join(root, 'outside')
const inside = (name: string) => join(root, 'folder', name)

before(() => {
  root = mkdtempSync(join(tmpdir(), 'cassfs-local-folder-'))
  for (const name of ['outside', 'folder']) mkdirSync(join(root, name), 0o755)
  writeFileSync(join(outside(), 'file'), 'outside', { mode: 0o644 })
  symlinkSync(outside(), inside('to-folder'))
  symlinkSync(join(outside(), 'file'), inside('to-file'))
  folder = LocalFolder.open(join(root, 'folder'), () => undefined)
})
after(() => {
  folder.close()
  rmSync(root, { recursive: true })
})

const entry = (mode: number): Entry => ({
  ...{ mode, uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, size: 3, rdev: 0 },
  ...{ mtime: { sec: 5, nsec: 6 }, atime: undefined, target: '', xattrs: new Map() },
  identity: undefined,
})

const bytes = async function* () {
  yield { offset: 0, bytes: Buffer.from('new') }
}

test('a link is not entered, not read, and not given the attributes of what it leads to', async () => {
  await assert.rejects(folder.enter('to-folder'), { code: 'ENOTDIR' })
  await assert.rejects(folder.read('to-file'), { code: 'ELOOP' })
  const before = [outside(), join(outside(), 'file')].map((path) => statSync(path))
  const link = await folder.look('to-file')
  assert.ok(link)
  await assert.rejects(folder.setAttributes('to-file', entry(0o100777), link), { code: 'ESTALE' })
  const after = [outside(), join(outside(), 'file')].map((path) => statSync(path))
  assert.deepEqual(
    after.map(({ mode, ctimeMs }) => [mode, ctimeMs]),
    before.map(({ mode, ctimeMs }) => [mode, ctimeMs]),
  )
})

test('a file is made in the place of a link, not through it', async () => {
  await assert.rejects(folder.makeFile('to-file', entry(0o100600), bytes(), false), {
    code: 'EEXIST',
  })
  await folder.makeFile('to-file', entry(0o100600), bytes(), true)
  assert.equal(readFileSync(join(outside(), 'file'), 'utf8'), 'outside')
  assert.equal(readFileSync(inside('to-file'), 'utf8'), 'new')
  assert.equal(lstatSync(inside('to-file'), { bigint: true }).mtimeNs, 5_000_000_006n)
  assert.deepEqual(await folder.names(), ['to-file', 'to-folder'])
})

test('attributes reach the file that was made, or looked at, not one that took its name', async () => {
  const set = entry(0o104755)
  const swapped = async function* () {
    yield { offset: 0, bytes: Buffer.from('new') }
    const made = readdirSync(join(root, 'folder')).find((name) => name.endsWith('.tmp')) ?? ''
    renameSync(inside(made), join(root, 'moved'))
    writeFileSync(inside(made), 'bad', { mode: 0o644 })
  }
  await folder.makeFile('set-id', set, swapped(), false)
  assert.equal(readFileSync(inside('set-id'), 'utf8'), 'bad')
  assert.equal(statSync(inside('set-id')).mode & 0o7777, 0o644)
  assert.equal(statSync(join(root, 'moved')).mode & 0o7777, 0o4755)
  const looked = await folder.look('set-id')
  assert.ok(looked)
  writeFileSync(join(root, 'other'), 'bad', { mode: 0o644 })
  renameSync(join(root, 'other'), inside('set-id'))
  await assert.rejects(folder.setAttributes('set-id', set, looked), { code: 'ESTALE' })
  assert.equal(statSync(inside('set-id')).mode & 0o7777, 0o644)
  rmSync(inside('set-id'))
})

test('a name that somebody takes while a file is made stays theirs', async () => {
  const taking = async function* () {
    yield { offset: 0, bytes: Buffer.from('new') }
    writeFileSync(inside('free'), 'theirs')
  }
  await assert.rejects(folder.makeFile('free', entry(0o100600), taking(), false), {
    code: 'EEXIST',
  })
  assert.equal(readFileSync(inside('free'), 'utf8'), 'theirs')
  rmSync(inside('free'))
})

test('what fails leaves nothing behind', async () => {
  const failing = async function* () {
    yield { offset: 0, bytes: Buffer.from('begun') }
    throw new Error('no more')
  }
  await assert.rejects(folder.makeFile('half', entry(0o100600), failing(), false), /no more/)
  linkSync(inside('to-file'), inside('other'))
  await assert.rejects(folder.link(folder, 'to-file', 'other', false), { code: 'EEXIST' })
  assert.deepEqual(await folder.names(), ['other', 'to-file', 'to-folder'])
})
