import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { openRotatingFile } from './rotating-file.js'

test('the file rotates before it grows too large, and only so many are kept', (context) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'cassfs-log-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'a.log')
  const sink = openRotatingFile({ file, bytesMax: 10, keep: 2 })
  for (const line of ['one\n', 'two\n', 'three\n', 'four\n', 'fiiive\n', 'six\n', 'seven\n']) {
    sink.write(line)
  }
  sink.close()
  assert.deepEqual(readdirSync(folder).sort(), ['a.log', 'a.log.1', 'a.log.2'])
  assert.equal(readFileSync(file, 'utf8'), 'six\nseven\n')
  assert.equal(readFileSync(`${file}.1`, 'utf8'), 'fiiive\n')
  assert.equal(readFileSync(`${file}.2`, 'utf8'), 'four\n')
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('an existing file is appended to, and its size counts', (context) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'cassfs-log-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'a.log')
  for (const line of ['one\n', 'two\n', 'three\n']) {
    const sink = openRotatingFile({ file, bytesMax: 10 })
    sink.write(line)
    sink.close()
  }
  assert.equal(readFileSync(file, 'utf8'), 'three\n')
  assert.equal(readFileSync(`${file}.1`, 'utf8'), 'one\ntwo\n')
})

test('lines that a full disk loses are counted, not thrown', { skip: noFullDevice() }, () => {
  const sink = openRotatingFile({ file: '/dev/full' })
  sink.write('a\n')
  sink.write('b\n')
  sink.close()
})

function noFullDevice(): string | false {
  try {
    return statSync('/dev/full').isCharacterDevice() ? false : 'no /dev/full here'
  } catch {
    return 'no /dev/full here'
  }
}
