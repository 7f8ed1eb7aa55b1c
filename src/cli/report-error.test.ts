import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../config/config-error.js'
import { Errno, FsError } from '../posix/errno.js'
import { describeError, exitStatusOf } from './report-error.js'
import { UsageError } from './usage-error.js'

test('an error is one line: what was attempted, then why', () => {
  const cause = new FsError(Errno.ENOSPC, 'write /var/lib/cassfs/data.mdb')
  const error = new FsError(Errno.EIO, 'cannot unmount /srv/site', { cause })
  const line = 'cannot unmount /srv/site: write /var/lib/cassfs/data.mdb'
  assert.deepEqual(describeError(error, false), [line])
})

test('an error number without words gets them', () => {
  const error = new FsError(Errno.EIO, '/a cannot be read', { cause: new FsError(Errno.ENOENT) })
  assert.deepEqual(describeError(error, false), ['/a cannot be read: no such file or directory'])
})

test('a cause that the message tells already is not told twice', () => {
  const error = new FsError(Errno.EIO, 'no answer: connect ECONNREFUSED', {
    cause: new Error('connect ECONNREFUSED'),
  })
  assert.deepEqual(describeError(error, false), ['no answer: connect ECONNREFUSED'])
})

test('of what others throw the first line is told, not the causes', () => {
  const cause = new Error('All hosts failed\n  at TCPConnectWrap')
  const error = new Error('the store does not answer', { cause })
  assert.deepEqual(describeError(error, false), ['the store does not answer'])
  assert.deepEqual(describeError(cause, false), ['All hosts failed'])
})

test('the stack is told while debugging only, and never of a usage error', () => {
  const [first, second] = describeError(new Error('x'), true)
  assert.equal(first, 'Error: x')
  assert.match(second ?? '', /^ {4}at /)
  assert.deepEqual(describeError(new UsageError('unknown option -x'), true), ['unknown option -x'])
})

test('each problem of the configuration is a line', () => {
  assert.deepEqual(describeError(new ConfigError(['a', 'b']), true), ['a', 'b'])
})

test('the exit status is 2 for what is written wrong, that of a child for a child, else 1', () => {
  assert.equal(exitStatusOf(new UsageError('x')), 2)
  assert.equal(exitStatusOf(new ConfigError(['x'])), 2)
  assert.equal(exitStatusOf(new Error('x')), 1)
  assert.equal(exitStatusOf('x'), 1)
  assert.equal(exitStatusOf(Object.assign(new Error('x'), { exitStatus: 2 })), 2)
})
