// Acts that make the kernel send the requests on locks.

import { join } from 'node:path'
import { tryLock } from '../../../src/native/flock.js'
import { killWhileWaiting } from '../lock-waiter.js'
import { LockCommand, LockType, recordLock } from '../syscalls.js'
import { type Act, FIRST_HANDLE, FIRST_NODE, openFile } from './act.js'

const { F_GETLK, F_SETLK, F_SETLKW } = LockCommand
const { F_RDLCK, F_WRLCK, F_UNLCK } = LockType

export const locks: readonly Act[] = [
  {
    opcode: 'GETLK',
    run: (dir) => {
      const lock = { type: F_WRLCK, start: 0x1_0000_0000, length: 10 }
      return recordLock(openFile(dir), F_GETLK, lock).type
    },
    result: F_UNLCK,
    nodeid: FIRST_NODE,
    args: {
      fh: FIRST_HANDLE,
      lock: { start: 0x1_0000_0000, end: 0x1_0000_0009, type: F_WRLCK },
      flock: false,
    },
    ask: ['POSIX_LOCKS'],
  },
  {
    opcode: 'SETLK',
    run: (dir) => {
      recordLock(openFile(dir), F_SETLK, { type: F_RDLCK, start: 5, length: 0 })
    },
    nodeid: FIRST_NODE,
    args: { fh: FIRST_HANDLE, lock: { start: 5, end: Infinity, type: F_RDLCK }, flock: false },
    ask: ['POSIX_LOCKS'],
  },
  {
    opcode: 'SETLKW',
    run: (dir) => {
      recordLock(openFile(dir), F_SETLKW, { type: F_WRLCK, start: 0, length: 1 })
    },
    nodeid: FIRST_NODE,
    args: { fh: FIRST_HANDLE, lock: { start: 0, end: 0, type: F_WRLCK }, flock: false },
    ask: ['POSIX_LOCKS'],
  },
  {
    opcode: 'SETLK',
    variant: 'of flock(2)',
    run: (dir) => tryLock(openFile(dir), 'exclusive'),
    result: true,
    nodeid: FIRST_NODE,
    args: {
      fh: FIRST_HANDLE,
      lock: { start: 0, end: Infinity, type: F_WRLCK },
      flock: true,
    },
    ask: ['FLOCK_LOCKS'],
  },
  {
    opcode: 'INTERRUPT',
    run: (dir) => {
      const fd = openFile(dir)
      recordLock(fd, F_SETLK, { type: F_WRLCK, start: 0, length: 0 })
      return killWhileWaiting(join(dir, 'file'))
    },
    result: 'SIGKILL',
    nodeid: 0,
    ask: ['POSIX_LOCKS'],
  },
]
