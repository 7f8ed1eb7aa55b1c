import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { z } from 'zod'
import {
  addressValue,
  booleanValue,
  bytesValue,
  choiceValue,
  hostsValue,
  integerValue,
  keyspaceValue,
  nameValue,
  numberValue,
  octalBitsValue,
  secretValue,
  textValue,
} from './value-types.js'

const refused = Symbol('refused')

function read(type: z.ZodType, text: string): unknown {
  const result = type.safeParse(text)
  return result.success ? result.data : refused
}

test('booleans are written as in Go, or as yes, no, on, off', () => {
  for (const text of ['1', 't', 'T', 'TRUE', 'true', 'True', 'yes', 'on']) {
    assert.equal(read(booleanValue(), text), true, text)
  }
  for (const text of ['0', 'f', 'F', 'FALSE', 'false', 'False', 'no', 'off']) {
    assert.equal(read(booleanValue(), text), false, text)
  }
  for (const text of ['', '2', 'maybe', 'truee']) assert.equal(read(booleanValue(), text), refused)
})

test('numbers keep to their bounds', () => {
  const seconds = numberValue(0, 3600)
  assert.equal(read(seconds, '0'), 0)
  assert.equal(read(seconds, '0.25'), 0.25)
  assert.equal(read(seconds, '3600'), 3600)
  for (const text of ['-1', '3600.1', '1e3', '0x10', '', '1s', 'NaN', 'Infinity']) {
    assert.equal(read(seconds, text), refused, text)
  }
  assert.equal(read(integerValue(1, 65535), '65535'), 65535)
  for (const text of ['0', '65536', '1.5', '+1']) {
    assert.equal(read(integerValue(1, 65535), text), refused, text)
  }
})

test('permission bits are octal', () => {
  assert.equal(read(octalBitsValue(), '022'), 0o22)
  assert.equal(read(octalBitsValue(), '0777'), 0o777)
  assert.equal(read(octalBitsValue(), '0'), 0)
  for (const text of ['8', '1777', '0o22', '-1'])
    assert.equal(read(octalBitsValue(), text), refused)
})

test('bytes take units of 1024', () => {
  const size = bytesValue(1024, 2 ** 50)
  assert.equal(read(size, '1024'), 1024)
  assert.equal(read(size, '1K'), 1024)
  assert.equal(read(size, '512MiB'), 512 * 1024 ** 2)
  assert.equal(read(size, '1.5 gb'), 1.5 * 1024 ** 3)
  for (const text of ['1023', '5X', 'MiB', '-1K', '2000T']) {
    assert.equal(read(size, text), refused, text)
  }
})

test('a choice is found in any case and spelled as declared', () => {
  assert.equal(read(choiceValue(['LOCAL_QUORUM', 'ONE']), 'local_quorum'), 'LOCAL_QUORUM')
  assert.equal(read(choiceValue(['LOCAL_QUORUM', 'ONE']), 'ANY'), refused)
})

test('names are 1 to 63 letters, digits, dots, dashes and underscores', () => {
  for (const text of ['1', 'prod', 'shop-2.example_x', 'a'.repeat(63)]) {
    assert.equal(read(nameValue(), text), text)
  }
  for (const text of ['', '.', '-a', '@', 'a@b', 'a/b', 'a b', 'a\0', 'é', 'a'.repeat(64)]) {
    assert.equal(read(nameValue(), text), refused, JSON.stringify(text))
  }
})

test('hosts are separated by commas', () => {
  assert.deepEqual(read(hostsValue(), 'a, b.example,10.0.0.1'), ['a', 'b.example', '10.0.0.1'])
  assert.deepEqual(read(hostsValue(), 'db1:9043,[::1]:9042,fe80::2'), [
    'db1:9043',
    '[::1]:9042',
    'fe80::2',
  ])
  for (const text of ['', 'a,,b', 'a b', 'http:', 'a/b', 'a:b', ',']) {
    assert.equal(read(hostsValue(), text), refused, text)
  }
})

test('an address to listen at is of this host alone unless another is named', () => {
  const expected: [string, unknown][] = [
    ['9464', { host: '127.0.0.1', port: 9464 }],
    [':9464', { host: '127.0.0.1', port: 9464 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['localhost:65535', { host: 'localhost', port: 65535 }],
    ['0.0.0.0:9464', { host: '0.0.0.0', port: 9464 }],
    ['[::1]:9464', { host: '::1', port: 9464 }],
    ['off', 'off'],
    ['OFF', 'off'],
  ]
  for (const [text, value] of expected) assert.deepEqual(read(addressValue(), text), value, text)
  const wrong = [
    '',
    ':',
    'localhost',
    '127.0.0.1:',
    '::1',
    '::1:9464',
    ':65536',
    '-1',
    'a b:1',
    'on',
  ]
  for (const text of [...wrong, 'http:', 'http://a:1', 'unix:/a', 'a:b', 'a:1:2', '[::1]', '[a]:1'])
    assert.equal(read(addressValue(), text), refused, text)
})

test('keyspaces are what Cassandra takes without quotes', () => {
  assert.equal(read(keyspaceValue(), 'cassfs_2'), 'cassfs_2')
  for (const text of ['', '2fs', 'a-b', 'a;drop', 'x'.repeat(49)]) {
    assert.equal(read(keyspaceValue(), text), refused, text)
  }
})

test('a secret keeps its spaces, other text loses those around it', () => {
  assert.equal(read(secretValue(), ' a '), ' a ')
  assert.equal(read(secretValue(), ''), refused)
  assert.equal(read(textValue(), ' a '), 'a')
  assert.equal(read(textValue(), 'a\x1b[2J'), refused)
})
