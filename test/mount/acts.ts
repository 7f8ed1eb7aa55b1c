// For each request of the protocol, something that makes the kernel send it. An act runs in a
// process of its own (act-child.ts) on a mount of a MemoryHandler with a lifetime of 0; what the
// kernel must then have asked is written here by hand, from what the act does. The golden frames
// are captured with these acts too, so they are checked against the kernel at every run.

import fs from 'node:fs'
import { join } from 'node:path'
import type { Handler, InitFlag } from '../../src/fuse/handler.js'
import type { OpcodeName } from '../../src/fuse/wire/opcodes.js'
import { fallocate } from '../../src/native/allocate.js'
import { mkfifo } from '../../src/native/make-node.js'
import { mount } from '../../src/native/mount.js'
import { renameat2 } from '../../src/native/rename.js'
import { seekData } from '../../src/native/seek.js'
import { syncfs } from '../../src/native/syncfs.js'
import { openTmpfile } from '../../src/native/tmpfile.js'
import { getXattr, listXattrs, removeXattr, setXattr } from '../../src/native/xattr.js'
import { killWhileWaiting } from './lock-waiter.js'
import { copyFileRange, LockCommand, LockType, recordLock, seekEnd } from './syscalls.js'

/** Node ids and handles go beyond 32 bits, so that both halves of each field are seen. */
export const FIRST_NODE = 0x2_0000_0003
export const FIRST_HANDLE = 0x3_0000_0005

export interface Act {
  readonly opcode: OpcodeName
  /** What tells several acts of one opcode apart. */
  readonly variant?: string
  /** Done in the child, on the mount point; what it returns must be `result`. */
  run(mountpoint: string): unknown
  readonly result?: unknown
  /** Node that the request is about; the root unless told. */
  readonly nodeid?: number
  /** Arguments as decoded; `undefined` for a request without any. */
  readonly args?: Readonly<Record<string, unknown>>
  /** The group that the kernel tells of, beside the caller's own. */
  readonly groups?: readonly number[]
  /** Flags of INIT to ask for, and not to ask for, beside the usual ones. */
  readonly ask?: readonly InitFlag[]
  readonly dontAsk?: readonly InitFlag[]
  /** Methods that the handler is to be without. */
  readonly without?: readonly (keyof Handler)[]
  /** The first minor version of the protocol whose kernels send it so. */
  readonly since?: number
  /** COPY_FILE_RANGE_64 is answered with ENOSYS. */
  readonly isOldCopy?: boolean
  /** As `fuseblk` on a loop device: the kernel says DESTROY and SYNCFS to such mounts alone. */
  readonly isBlock?: boolean
  /** The request is sent when the file system is unmounted. */
  readonly isAtUnmount?: boolean
}

const O_LARGEFILE = process.arch === 'arm64' ? 0o400000 : 0o100000
const { O_RDONLY, O_RDWR, O_DIRECTORY, O_NONBLOCK } = fs.constants
const UMASK = 0o027
const S_IFREG = 0o100000
const S_IFIFO = 0o010000
const MS_REMOUNT = 32
const MINUTE = { sec: 1_600_000_000, nsec: 0 }

/** A file in the mount, open, with some bytes. */
function openFile(mountpoint: string, name = 'file', content = 'content'): number {
  const fd = fs.openSync(join(mountpoint, name), 'wx+')
  if (content) fs.writeSync(fd, content, 0)
  return fd
}

function makeFile(mountpoint: string, name = 'file', content = 'content'): string {
  fs.closeSync(openFile(mountpoint, name, content))
  return join(mountpoint, name)
}

const FILE = FIRST_NODE
const HANDLE = FIRST_HANDLE

const names: Act[] = [
  {
    opcode: 'LOOKUP',
    run: (dir) => fs.existsSync(join(dir, 'ä name')),
    result: false,
    args: { name: Buffer.from('ä name').toString('latin1') },
  },
  {
    opcode: 'SYMLINK',
    run: (dir) => fs.symlinkSync('the/target', join(dir, 'link')),
    args: { name: 'link', target: 'the/target' },
  },
  {
    opcode: 'READLINK',
    run: (dir) => {
      fs.symlinkSync('the/target', join(dir, 'link'))
      return fs.readlinkSync(join(dir, 'link'))
    },
    result: 'the/target',
    nodeid: FILE,
  },
  {
    opcode: 'MKNOD',
    run: (dir) => {
      mkfifo(join(dir, 'fifo'), 0o666)
      return fs.statSync(join(dir, 'fifo')).mode
    },
    result: S_IFIFO | 0o640,
    args: { name: 'fifo', mode: S_IFIFO | 0o666, umask: UMASK, rdev: 0 },
  },
  {
    opcode: 'MKDIR',
    run: (dir) => {
      fs.mkdirSync(join(dir, 'dir'), 0o775)
      return fs.statSync(join(dir, 'dir')).mode & 0o7777
    },
    result: 0o750,
    args: { name: 'dir', mode: 0o775, umask: UMASK },
  },
  {
    opcode: 'MKDIR',
    variant: 'for a group of the caller',
    run: (dir) => {
      fs.chownSync(dir, 0, 70_004)
      process.setgroups?.([70_005, 70_004])
      fs.mkdirSync(join(dir, 'dir'), 0o775)
    },
    args: { name: 'dir', mode: 0o775, umask: UMASK },
    groups: [70_004],
  },
  {
    opcode: 'UNLINK',
    run: (dir) => {
      fs.unlinkSync(makeFile(dir))
      return fs.readdirSync(dir)
    },
    result: [],
    args: { name: 'file' },
  },
  {
    opcode: 'RMDIR',
    run: (dir) => {
      fs.mkdirSync(join(dir, 'dir'))
      fs.rmdirSync(join(dir, 'dir'))
      return fs.readdirSync(dir)
    },
    result: [],
    args: { name: 'dir' },
  },
  {
    opcode: 'RENAME',
    run: (dir) => {
      fs.mkdirSync(join(dir, 'dir'))
      fs.renameSync(makeFile(dir), join(dir, 'dir', 'renamed'))
      return fs.readdirSync(join(dir, 'dir'))
    },
    result: ['renamed'],
    args: { name: 'file', newParent: FIRST_NODE, newName: 'renamed', flags: 0 },
  },
  {
    opcode: 'RENAME2',
    run: (dir) => {
      renameat2(makeFile(dir), join(dir, 'renamed'), 1)
      return fs.readdirSync(dir)
    },
    result: ['renamed'],
    args: { name: 'file', newParent: 1, newName: 'renamed', flags: 1 },
  },
  {
    opcode: 'LINK',
    run: (dir) => {
      fs.linkSync(makeFile(dir), join(dir, 'link'))
      return fs.statSync(join(dir, 'link')).nlink
    },
    result: 2,
    args: { oldNodeid: FILE, newName: 'link' },
  },
  {
    opcode: 'FORGET',
    // The file is created, and looked up once more to be unlinked.
    run: (dir) => fs.unlinkSync(makeFile(dir)),
    args: { nodeid: FILE, nlookup: 2 },
    nodeid: FILE,
  },
  {
    opcode: 'BATCH_FORGET',
    run: (dir) => {
      for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) makeFile(dir, name)
      // A remount drops every name that nobody uses, all in one go.
      mount('none', dir, 'fuse', MS_REMOUNT, '')
    },
    nodeid: 0,
  },
]

const attributes: Act[] = [
  {
    opcode: 'GETATTR',
    run: (dir) => fs.statSync(dir).ino,
    result: 1,
    args: { fh: undefined },
    without: ['statx'],
  },
  {
    opcode: 'GETATTR',
    variant: 'of an open file',
    run: (dir) => {
      return seekEnd(openFile(dir))
    },
    result: 7,
    nodeid: FILE,
    args: { fh: HANDLE },
  },
  {
    opcode: 'STATX',
    since: 39,
    run: (dir) => fs.statSync(dir).birthtimeMs > 1_600_000_000_000,
    result: true,
    args: { fh: undefined, flags: 0, mask: 0xfff },
  },
  {
    opcode: 'SETATTR',
    variant: 'mode',
    run: (dir) => {
      const path = makeFile(dir)
      fs.chmodSync(path, 0o4711)
      return fs.statSync(path).mode
    },
    result: S_IFREG | 0o4711,
    nodeid: FILE,
    args: setattr({ mode: S_IFREG | 0o4711 }),
  },
  {
    opcode: 'SETATTR',
    variant: 'owner',
    run: (dir) => {
      const path = makeFile(dir)
      fs.chownSync(path, 70_001, 70_002)
      const { uid, gid } = fs.statSync(path)
      return [uid, gid]
    },
    result: [70_001, 70_002],
    nodeid: FILE,
    args: setattr({ uid: 70_001, gid: 70_002, killSuidgid: true }),
  },
  {
    opcode: 'SETATTR',
    variant: 'times',
    run: (dir) => {
      const path = makeFile(dir)
      fs.utimesSync(path, new Date(-1000), MINUTE.sec)
      return fs.statSync(path).mtimeMs
    },
    result: MINUTE.sec * 1000,
    nodeid: FILE,
    args: setattr({ atime: { sec: -1, nsec: 0 }, mtime: MINUTE }),
  },
  {
    opcode: 'SETATTR',
    variant: 'size of an open file',
    run: (dir) => {
      const fd = openFile(dir)
      fs.ftruncateSync(fd, 0x1_0000_0002)
      return fs.fstatSync(fd).size
    },
    result: 0x1_0000_0002,
    nodeid: FILE,
    args: setattr({ fh: HANDLE, size: 0x1_0000_0002 }),
  },
  {
    opcode: 'ACCESS',
    run: (dir) => fs.accessSync(dir, fs.constants.R_OK | fs.constants.X_OK),
    args: { mask: 5 },
    // With it the kernel checks permissions itself.
    dontAsk: ['POSIX_ACL'],
  },
  {
    opcode: 'SETXATTR',
    run: (dir) => setXattr(makeFile(dir), 'user.colour', Buffer.from([0, 255, 7]), 1),
    nodeid: FILE,
    args: { name: 'user.colour', value: [0, 255, 7], flags: 1, killSgid: false },
  },
  {
    opcode: 'SETXATTR',
    variant: 'as before 7.33',
    run: (dir) => setXattr(makeFile(dir), 'user.colour', Buffer.from([1, 2])),
    nodeid: FILE,
    args: { name: 'user.colour', value: [1, 2], flags: 0, killSgid: false },
    dontAsk: ['SETXATTR_EXT'],
  },
  {
    opcode: 'GETXATTR',
    run: (dir) => {
      const path = makeFile(dir)
      setXattr(path, 'user.colour', Buffer.from('red'))
      return getXattr(path, 'user.colour')?.toString()
    },
    result: 'red',
    nodeid: FILE,
    args: { name: 'user.colour', room: 65536 },
  },
  {
    opcode: 'LISTXATTR',
    run: (dir) => {
      const path = makeFile(dir)
      setXattr(path, 'user.a', Buffer.from('1'))
      setXattr(path, 'user.b', Buffer.from('2'))
      return listXattrs(path)
    },
    result: ['user.a', 'user.b'],
    nodeid: FILE,
    args: { room: 65536 },
  },
  {
    opcode: 'REMOVEXATTR',
    run: (dir) => {
      const path = makeFile(dir)
      setXattr(path, 'user.a', Buffer.from('1'))
      return [removeXattr(path, 'user.a'), listXattrs(path)]
    },
    result: [true, []],
    nodeid: FILE,
    args: { name: 'user.a' },
  },
  {
    opcode: 'STATFS',
    run: (dir) => {
      const { bsize, blocks, bfree, files } = fs.statfsSync(dir)
      return [bsize, blocks, bfree, files]
    },
    result: [4096, 1 << 20, 1 << 19, 1 << 20],
  },
]

/** SETATTR's arguments: all that an act does not set is undefined. */
function setattr(set: Record<string, unknown>): Record<string, unknown> {
  const nothing = { mode: undefined, uid: undefined, gid: undefined, size: undefined }
  const noTime = { atime: undefined, mtime: undefined, ctime: undefined }
  return { ...nothing, ...noTime, fh: undefined, killSuidgid: false, ...set }
}

const files: Act[] = [
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
      umask: UMASK,
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
      umask: UMASK,
      openFlags: 0,
    },
  },
  {
    opcode: 'OPEN',
    run: (dir) => fs.closeSync(fs.openSync(makeFile(dir), O_RDWR | O_NONBLOCK)),
    nodeid: FILE,
    args: { flags: O_RDWR | O_NONBLOCK | O_LARGEFILE, openFlags: 0 },
  },
  {
    opcode: 'READ',
    run: (dir) => {
      const fd = fs.openSync(makeFile(dir), 'r')
      return fs.readSync(fd, Buffer.alloc(100))
    },
    result: 7,
    nodeid: FILE,
    args: { fh: HANDLE + 1, offset: 0, size: 4096, flags: O_LARGEFILE },
  },
  {
    opcode: 'WRITE',
    run: (dir) => {
      const fd = openFile(dir, 'file', '')
      return fs.writeSync(fd, 'bytes', 0x1_0000_0001)
    },
    result: 5,
    nodeid: FILE,
    args: {
      fh: HANDLE,
      offset: 0x1_0000_0001,
      data: [...Buffer.from('bytes')],
      flags: O_RDWR | O_LARGEFILE,
      writeFlags: 0,
    },
  },
  {
    opcode: 'FLUSH',
    run: (dir) => fs.closeSync(openFile(dir)),
    nodeid: FILE,
    args: { fh: HANDLE },
  },
  {
    opcode: 'RELEASE',
    run: (dir) => fs.closeSync(openFile(dir)),
    nodeid: FILE,
    args: { fh: HANDLE, flags: O_RDWR | O_LARGEFILE, releaseFlags: 0, lockOwner: undefined },
  },
  {
    opcode: 'FSYNC',
    run: (dir) => fs.fdatasyncSync(openFile(dir)),
    nodeid: FILE,
    args: { fh: HANDLE, datasync: true },
  },
  {
    opcode: 'FALLOCATE',
    run: (dir) => {
      const fd = openFile(dir)
      fallocate(fd, 0, 3, 0x1_0000_0000)
      return fs.fstatSync(fd).size
    },
    result: 0x1_0000_0003,
    nodeid: FILE,
    args: { fh: HANDLE, offset: 3, length: 0x1_0000_0000, mode: 0 },
  },
  {
    opcode: 'LSEEK',
    run: (dir) => seekData(openFile(dir), 2),
    result: 2,
    nodeid: FILE,
    args: { fh: HANDLE, offset: 2, whence: 3 },
  },
  {
    opcode: 'COPY_FILE_RANGE_64',
    since: 45,
    run: copy,
    result: 'ntent',
    nodeid: FILE,
    args: copyArguments(),
  },
  {
    opcode: 'COPY_FILE_RANGE',
    run: copy,
    result: 'ntent',
    nodeid: FILE,
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
    fhIn: HANDLE,
    offsetIn: 2,
    nodeidOut: FILE + 1,
    fhOut: HANDLE + 1,
    offsetOut: 0,
    length: 5,
    flags: 0,
  }
}

const directories: Act[] = [
  {
    opcode: 'OPENDIR',
    run: (dir) => fs.closeSync(fs.openSync(dir, O_RDONLY | O_DIRECTORY)),
    args: { flags: O_DIRECTORY | O_LARGEFILE, openFlags: 0 },
  },
  {
    opcode: 'READDIR',
    run: listed,
    result: ['file', 'other'],
    args: { fh: HANDLE + 2, offset: 0, size: 32768 },
    dontAsk: ['DO_READDIRPLUS'],
  },
  {
    opcode: 'READDIRPLUS',
    run: listed,
    result: ['file', 'other'],
    args: { fh: HANDLE + 2, offset: 0, size: 32768 },
  },
  {
    opcode: 'RELEASEDIR',
    run: (dir) => fs.closeSync(fs.openSync(dir, O_RDONLY | O_DIRECTORY)),
    args: {
      fh: HANDLE,
      flags: O_DIRECTORY | O_LARGEFILE,
      releaseFlags: 0,
      lockOwner: undefined,
    },
  },
  {
    opcode: 'FSYNCDIR',
    run: (dir) => fs.fsyncSync(fs.openSync(dir, O_RDONLY | O_DIRECTORY)),
    args: { fh: HANDLE, datasync: false },
  },
]

function listed(dir: string): string[] {
  makeFile(dir, 'file', '')
  makeFile(dir, 'other', '')
  return fs.readdirSync(dir)
}

const { F_GETLK, F_SETLK, F_SETLKW } = LockCommand
const { F_RDLCK, F_WRLCK, F_UNLCK } = LockType

const locks: Act[] = [
  {
    opcode: 'GETLK',
    run: (dir) => {
      const lock = { type: F_WRLCK, start: 0x1_0000_0000, length: 10 }
      return recordLock(openFile(dir), F_GETLK, lock).type
    },
    result: F_UNLCK,
    nodeid: FILE,
    args: {
      fh: HANDLE,
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
    nodeid: FILE,
    args: { fh: HANDLE, lock: { start: 5, end: Infinity, type: F_RDLCK }, flock: false },
    ask: ['POSIX_LOCKS'],
  },
  {
    opcode: 'SETLKW',
    run: (dir) => {
      recordLock(openFile(dir), F_SETLKW, { type: F_WRLCK, start: 0, length: 1 })
    },
    nodeid: FILE,
    args: { fh: HANDLE, lock: { start: 0, end: 0, type: F_WRLCK }, flock: false },
    ask: ['POSIX_LOCKS'],
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

export const acts: readonly Act[] = [
  { opcode: 'INIT', run: () => undefined, nodeid: 0 },
  ...names,
  ...attributes,
  ...files,
  ...directories,
  ...locks,
]

/** Names an act among all. */
export function actName({ opcode, variant }: Act): string {
  return variant ? `${opcode} (${variant})` : opcode
}

/** Set in the child before an act. */
export const ACT_UMASK = UMASK
export const ACT_GID = 70_003
