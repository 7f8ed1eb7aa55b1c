import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Errno, FsError } from './errno.js'

test('an error number alone takes no stack, one that says more does', () => {
  const limit = Error.stackTraceLimit
  const answer = new FsError(Errno.ENODATA)
  assert.equal(answer.message, 'ENODATA')
  assert.doesNotMatch(answer.stack ?? '', /\n/)
  const fault = new FsError(Errno.EIO, 'the disk is gone')
  assert.match(fault.stack ?? '', /errno\.test/)
  assert.equal(Error.stackTraceLimit, limit)
})
