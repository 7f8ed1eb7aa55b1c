// Acts that make the kernel send the requests on the content of files.

import fs from 'node:fs'
import { join } from 'node:path'
import { fallocate } from '../../../src/native/allocate.js'
import { tryLock } from '../../../src/native/flock.js'
import { seekData } from '../../../src/native/seek.js'
import { syncfs } from '../../../src/native/syncfs.js'
import { openTmpfile } from '../../../src/native/tmpfile.js'
import { copyFileRange } from '../syscalls.js'
import {
  ACT_UMASK,
  type Act,
  FIRST_HANDLE,
  FIRST_NODE,
  makeFile,
  O_LARGEFILE,
  openFile,
  S_IFREG,
} from './act.js'

const { O_RDONLY, O_RDWR, O_DIRECTORY, O_NONBLOCK } = fs.constants

export const files: readonly Act[] = [
  {
    opcode: 'CREATE',
    run: (dir) => {
      fs.closeSync(fs.openSync(join(dir, 'file'), 'wx', 0o664))
      return fs.statSync(join(dir, 'file')).mode
    },
    result: S_IFREG | 0o640,
    args: {
      name: 'file',
      flags: fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | O_LARGEFILE,
      mode: S_IFREG | 0o664,
      umask: ACT_UMASK,
      openFlags: 0,
    },
  },
  {
    opcode: 'TMPFILE',
    since: 37,
    run: (dir) => {
      const fd = openTmpfile(dir, 0o660)
      fs.writeSync(fd, 'nameless')
      return [fs.readdirSync(dir), fs.fstatSync(fd).size]
    },
    result: [[], 8],
    args: {
      name: '',
      flags: O_RDWR | 0o20000000 | O_DIRECTORY | O_LARGEFILE,
      mode: S_IFREG | 0o660,
      umask: ACT_UMASK,
      openFlags: 0,
    },
  },
  {
    opcode: 'OPEN',
    run: (dir) => fs.closeSync(fs.openSync(makeFile(dir), O_RDWR | O_NONBLOCK)),
    nodeid: FIRST_NODE,
    args: { flags: O_RDWR | O_NONBLOCK | O_LARGEFILE, openFlags: 0 },
  },
  {
    opcode: 'READ',
    run: (dir) => {
      const fd = fs.openSync(makeFile(dir), 'r')
      return fs.readSync(fd, Buffer.alloc(100))
    },
    result: 7,
    nodeid: FIRST_NODE,
    args: { fh: FIRST_HANDLE + 1, offset: 0, size: 4096, flags: O_LARGEFILE },
  },
  {
    opcode: 'WRITE',
    run: (dir) => {
      const fd = openFile(dir, 'file', '')
      return fs.writeSync(fd, 'bytes', 0x1_0000_0001)
    },
    result: 5,
    nodeid: FIRST_NODE,
    args: {
      fh: FIRST_HANDLE,
      offset: 0x1_0000_0001,
      data: [...Buffer.from('bytes')],
      flags: O_RDWR | O_LARGEFILE,
      writeFlags: 0,
    },
  },
  {
    opcode: 'FLUSH',
    run: (dir) => fs.closeSync(openFile(dir)),
    nodeid: FIRST_NODE,
    args: { fh: FIRST_HANDLE },
  },
  {
    opcode: 'RELEASE',
    run: (dir) => fs.closeSync(openFile(dir)),
    nodeid: FIRST_NODE,
    args: { fh: FIRST_HANDLE, flags: O_RDWR | O_LARGEFILE, releaseFlags: 0, lockOwner: undefined },
  },
  {
    opcode: 'RELEASE',
    variant: 'of a file locked by flock(2)',
    run: (dir) => {
      const fd = openFile(dir)
      tryLock(fd, 'exclusive')
      fs.closeSync(fd)
    },
    nodeid: FIRST_NODE,
    args: { fh: FIRST_HANDLE, flags: O_RDWR | O_LARGEFILE, releaseFlags: 2 },
    ask: ['FLOCK_LOCKS'],
  },
  {
    opcode: 'FSYNC',
    run: (dir) => fs.fdatasyncSync(openFile(dir)),
    nodeid: FIRST_NODE,
    args: { fh: FIRST_HANDLE, datasync: true },
  },
  {
    opcode: 'FALLOCATE',
    run: (dir) => {
      const fd = openFile(dir)
      fallocate(fd, 0, 3, 0x1_0000_0000)
      return fs.fstatSync(fd).size
    },
    result: 0x1_0000_0003,
    nodeid: FIRST_NODE,
    args: { fh: FIRST_HANDLE, offset: 3, length: 0x1_0000_0000, mode: 0 },
  },
  {
    opcode: 'LSEEK',
    run: (dir) => seekData(openFile(dir), 2),
    result: 2,
    nodeid: FIRST_NODE,
    args: { fh: FIRST_HANDLE, offset: 2, whence: 3 },
  },
  {
    opcode: 'COPY_FILE_RANGE_64',
    since: 45,
    run: copy,
    result: 'ntent',
    nodeid: FIRST_NODE,
    args: copyArguments(),
  },
  {
    opcode: 'COPY_FILE_RANGE',
    run: copy,
    result: 'ntent',
    nodeid: FIRST_NODE,
    args: copyArguments(),
    isOldCopy: true,
  },
  {
    opcode: 'SYNCFS',
    since: 45,
    run: (dir) => syncfs(fs.openSync(dir, O_RDONLY)),
    isBlock: true,
  },
  { opcode: 'DESTROY', run: () => undefined, nodeid: 0, isBlock: true, isAtUnmount: true },
]

function copy(dir: string): string {
  const from = openFile(dir)
  const to = openFile(dir, 'copy', '')
  copyFileRange(from, 2, to, 0, 5)
  return fs.readFileSync(join(dir, 'copy'), 'utf8')
}

function copyArguments(): Record<string, unknown> {
  return {
    fhIn: FIRST_HANDLE,
    offsetIn: 2,
    nodeidOut: FIRST_NODE + 1,
    fhOut: FIRST_HANDLE + 1,
    offsetOut: 0,
    length: 5,
    flags: 0,
  }
}
