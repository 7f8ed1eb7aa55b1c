import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBytes, formatDuration, formatMode, formatTime } from './format.js'
import { bytesOf, isUtf8, showName } from './names.js'
import { renderTable } from './table.js'

const show = (latin1: string) => showName(Buffer.from(latin1, 'latin1'))

test('names in UTF-8 are shown as they are', () => {
  for (const name of ['index.php', 'größe', '日本', '🙂', "a b'c"]) {
    assert.equal(showName(bytesOf(name)), name)
  }
})

test('what is not UTF-8, or could steer a terminal, is shown escaped', () => {
  assert.equal(show('\xff\xfe'), '\\xff\\xfe')
  assert.equal(show('a\xc3'), 'a\\xc3')
  assert.equal(show('\xed\xa0\x80'), '\\xed\\xa0\\x80', 'a surrogate is not UTF-8')
  assert.equal(show('\xc0\xaf'), '\\xc0\\xaf', 'an overlong form is not UTF-8')
  assert.equal(show('a\nb\t\x1b[2J\x7f'), 'a\\nb\\t\\x1b[2J\\x7f')
  assert.equal(showName(bytesOf('\u202egpj')), '\\xe2\\x80\\xaegpj', 'right-to-left override')
  assert.equal(show('a\\nb'), 'a\\\\nb')
})

test('what is shown means one name only', () => {
  const names = ['\n', '\\n', '\\\\n', '\xff', '\\xff', '\xc3\xbf']
  assert.equal(new Set(names.map(show)).size, names.length)
})

test('bytes of arguments', () => {
  assert.deepEqual(bytesOf('é'), Buffer.from([0xc3, 0xa9]))
  assert.deepEqual(bytesOf(Buffer.from([0xff])), Buffer.from([0xff]))
  assert.equal(isUtf8(Buffer.from([0xc3, 0xa9])), true)
  assert.equal(isUtf8(Buffer.from([0xe9])), false)
})

test('sizes and durations', () => {
  assert.deepEqual([0, 1023, 1536, 150 * 1024, 5 * 1024 ** 4].map(formatBytes), [
    '0 B',
    '1023 B',
    '1.5 KiB',
    '150 KiB',
    '5.0 TiB',
  ])
  assert.deepEqual([0, 999, 61_000, 3_600_000, 93_784_000].map(formatDuration), [
    '0s',
    '0s',
    '1m 1s',
    '1h',
    '1d 2h',
  ])
  assert.equal(formatTime(new Date(2024, 4, 6, 7, 8, 9)), '2024-05-06 07:08:09')
})

test('modes as ls -l shows them', () => {
  assert.equal(formatMode(0o040755), 'drwxr-xr-x')
  assert.equal(formatMode(0o100644), '-rw-r--r--')
  assert.equal(formatMode(0o104755), '-rwsr-xr-x')
  assert.equal(formatMode(0o102644), '-rw-r-Sr--')
  assert.equal(formatMode(0o041777), 'drwxrwxrwt')
  assert.equal(formatMode(0o120777), 'lrwxrwxrwx')
  assert.deepEqual(
    [0o010000, 0o020000, 0o060000, 0o140000].map((mode) => formatMode(mode)[0]),
    ['p', 'c', 'b', 's'],
  )
})

test('columns are as wide as their widest cell, numbers at the right', () => {
  const table = renderTable(
    ['NAME', 'USED', 'N'],
    [
      ['prod', '1.5 MiB', '7'],
      ['日本', '900 KiB', '12'],
    ],
  )
  assert.equal(table, 'NAME     USED   N\nprod  1.5 MiB   7\n日本  900 KiB  12\n')
  assert.equal(renderTable(['A', 'B'], [['x', '']]), 'A  B\nx\n')
})
