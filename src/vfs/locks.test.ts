import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Errno, FsError } from '../posix/errno.js'
import { Locks } from './locks.js'
import { type FileLock, LockType } from './vfs.js'

const lock = (owner: string, type: number, start = 0, end = Infinity, flock = false): FileLock => ({
  owner,
  type,
  start,
  end,
  flock,
  pid: 1,
})
const { read, write, unlock } = LockType
const isErrno = (errno: number) => (error: unknown) =>
  error instanceof FsError && error.errno === errno

test('two readers share; a writer gets EAGAIN until both are gone', () => {
  const locks = new Locks()
  locks.set(1, lock('a', read))
  locks.set(1, lock('b', read))
  assert.throws(() => locks.set(1, lock('c', write)), isErrno(Errno.EAGAIN))
  assert.equal(locks.conflict(1, lock('c', write))?.owner, 'a')
  locks.set(1, lock('a', unlock))
  locks.release(1, 'b', false)
  locks.set(1, lock('c', write))
  assert.equal(locks.conflict(2, lock('a', write)), undefined)
})

test('flock and fcntl locks do not see each other', () => {
  const locks = new Locks()
  locks.set(1, lock('a', write))
  locks.set(1, lock('b', write, 0, Infinity, true))
  assert.throws(() => locks.set(1, lock('c', read, 0, 0, true)), isErrno(Errno.EAGAIN))
  locks.release(1, 'b', true)
  locks.set(1, lock('c', read, 0, 0, true))
  assert.throws(() => locks.set(1, lock('c', read)), isErrno(Errno.EAGAIN))
})

test('who waits gets the lock when the last one in the way goes', async () => {
  const locks = new Locks()
  locks.set(1, lock('a', write, 0, 9))
  locks.set(1, lock('b', write, 10, 19))
  let granted = false
  const waiting = Promise.resolve(locks.setWaiting(1, lock('c', write, 5, 15), undefined)).then(
    () => {
      granted = true
    },
  )
  locks.release(1, 'a', false)
  await new Promise(setImmediate)
  assert.equal(granted, false)
  locks.release(1, 'b', false)
  await waiting
  assert.throws(() => locks.set(1, lock('a', read, 5, 5)), isErrno(Errno.EAGAIN))
})

test('an interrupted wait is EINTR and takes nothing', async () => {
  const locks = new Locks()
  locks.set(1, lock('a', write))
  const abort = new AbortController()
  const waiting = locks.setWaiting(1, lock('b', write), () => abort.signal)
  abort.abort()
  await assert.rejects(Promise.resolve(waiting), isErrno(Errno.EINTR))
  locks.release(1, 'a', false)
  locks.set(1, lock('c', write))
})

test('a circle of three owners that wait for each other is EDEADLK', async () => {
  const locks = new Locks()
  for (const [ino, owner] of [
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ] as const)
    locks.set(ino, lock(owner, write))
  const first = Promise.resolve(locks.setWaiting(2, lock('a', write), undefined))
  const second = Promise.resolve(locks.setWaiting(3, lock('b', write), undefined))
  assert.throws(() => locks.setWaiting(1, lock('c', write), undefined), isErrno(Errno.EDEADLK))
  locks.release(3, 'c', false)
  await second
  locks.release(2, 'b', false)
  await first
})
