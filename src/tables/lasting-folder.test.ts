import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeLastingFolder, syncFolder } from './lasting-folder.js'

test('folders are made with all above them, and made again', (t) => {
  const top = mkdtempSync(join(tmpdir(), 'cft-lasting-'))
  t.after(() => rmSync(top, { recursive: true, force: true }))
  const deep = join(top, 'a/b/c')
  for (const path of [deep, deep, join(top, 'a'), `${top}/d/`, '/']) {
    makeLastingFolder(path)
    assert.ok(statSync(path).isDirectory())
  }
  assert.equal(statSync(deep).mode & 0o777, 0o700)
  syncFolder(deep)
  writeFileSync(join(top, 'file'), '')
  assert.throws(() => makeLastingFolder(join(top, 'file/below')), { code: 'ENOTDIR' })
  assert.throws(() => makeLastingFolder(join(top, 'file')), { code: 'EEXIST' })
  assert.throws(() => syncFolder(join(top, 'absent')), { code: 'ENOENT' })
})

test('a folder below one that cannot be read is made all the same', {
  skip: process.getuid?.() === 0 ? false : 'needs root: it becomes another user',
}, (t) => {
  const top = mkdtempSync(join(tmpdir(), 'cft-lasting-'))
  t.after(() => rmSync(top, { recursive: true, force: true }))
  chmodSync(top, 0o733)
  process.seteuid?.(65534)
  try {
    assert.throws(() => syncFolder(top), { code: 'EACCES' })
    makeLastingFolder(join(top, 'mine'))
  } finally {
    process.seteuid?.(0)
  }
  assert.ok(statSync(join(top, 'mine')).isDirectory())
})

test('a file system that cannot sync a folder is none of ours to fail for', () => {
  syncFolder('/proc')
  makeLastingFolder('/proc/self')
})
