// Acts that make the kernel send the requests on attributes.

import fs from 'node:fs'
import { getXattr, listXattrs, removeXattr, setXattr } from '../../../src/native/xattr.js'
import { seekEnd } from '../syscalls.js'
import { type Act, FIRST_HANDLE, FIRST_NODE, makeFile, openFile, S_IFREG } from './act.js'

const MINUTE = { sec: 1_600_000_000, nsec: 0 }

export const attributes: readonly Act[] = [
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
    nodeid: FIRST_NODE,
    args: { fh: FIRST_HANDLE },
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
    nodeid: FIRST_NODE,
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
    nodeid: FIRST_NODE,
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
    nodeid: FIRST_NODE,
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
    nodeid: FIRST_NODE,
    args: setattr({ fh: FIRST_HANDLE, size: 0x1_0000_0002 }),
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
    nodeid: FIRST_NODE,
    args: { name: 'user.colour', value: [0, 255, 7], flags: 1, killSgid: false },
  },
  {
    opcode: 'SETXATTR',
    variant: 'as before 7.33',
    run: (dir) => setXattr(makeFile(dir), 'user.colour', Buffer.from([1, 2])),
    nodeid: FIRST_NODE,
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
    nodeid: FIRST_NODE,
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
    nodeid: FIRST_NODE,
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
    nodeid: FIRST_NODE,
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
