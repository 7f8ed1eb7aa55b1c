// For each request that is served: an answer of a handler, and the body of the reply that it must
// become, written by hand after fuse.h.

import type * as fuse from '../../src/fuse/handler.js'
import type { OpcodeName } from '../../src/fuse/wire/opcodes.js'
import { type Field, name, u16, u32, u64, zeros } from './bytes.js'

const ATTRIBUTES: fuse.Attributes = {
  ino: 0x1_0000_0007,
  size: 0x2_0000_0009,
  blocks: 0x1000_0001,
  atime: { sec: -2, nsec: 1 },
  mtime: { sec: 0x1_0000_0001, nsec: 999_999_999 },
  ctime: { sec: 3, nsec: 4 },
  btime: { sec: 5, nsec: 6 },
  mode: 0o100644,
  nlink: 2,
  uid: 70_001,
  gid: 70_002,
  rdev: 0x0000_0103,
  blksize: 4096,
}

/** struct fuse_attr. */
const ATTR = [
  u64(0x1_0000_0007, 0x2_0000_0009, 0x1000_0001, -2, 0x1_0000_0001, 3),
  u32(1, 999_999_999, 4, 0o100644, 2, 70_001, 70_002, 0x103, 4096, 0),
]

const ENTRY_REPLY: fuse.EntryReply = {
  nodeid: 0x1_0000_0007,
  generation: 9,
  attributes: ATTRIBUTES,
  entryTtlMs: 1500,
  attrTtlMs: 250,
}

/** struct fuse_entry_out. */
const ENTRY = [u64(0x1_0000_0007, 9, 1, 0), u32(500_000_000, 250_000_000), ...ATTR]

const ATTR_REPLY: fuse.AttrReply = { attributes: ATTRIBUTES, attrTtlMs: 2001 }

/** struct fuse_attr_out. */
const ATTR_OUT = [u64(2), u32(1_000_000, 0), ...ATTR]

/** struct fuse_statx_out: mask with the time of birth, device 1:3. */
const STATX_OUT = [
  u64(2),
  u32(1_000_000, 0),
  u64(0, 0),
  u32(0xfff, 4096),
  u64(0),
  u32(2, 70_001, 70_002),
  u16(0o100644, 0),
  u64(0x1_0000_0007, 0x2_0000_0009, 0x1000_0001, 0),
  u64(-2),
  u32(1, 0),
  u64(5),
  u32(6, 0),
  u64(3),
  u32(4, 0),
  u64(0x1_0000_0001),
  u32(999_999_999, 0),
  u32(1, 3, 0, 0),
  zeros(112),
]

const OPEN_REPLY: fuse.OpenReply = { fh: 0x5_0000_0006, openFlags: 0x82, backingId: 17 }
const OPEN_OUT = [u64(0x5_0000_0006), u32(0x82, 17)]

export interface GoldenAnswer {
  readonly answer: unknown
  readonly body: readonly Field[]
  /** What READDIR and READDIRPLUS put on the list. */
  readonly entries?: readonly fuse.DirectoryEntryPlus[]
}

const NOTHING: GoldenAnswer = { answer: undefined, body: [] }

export const goldenAnswers: Partial<Record<OpcodeName, GoldenAnswer>> = {
  LOOKUP: { answer: ENTRY_REPLY, body: ENTRY },
  GETATTR: { answer: ATTR_REPLY, body: ATTR_OUT },
  STATX: { answer: ATTR_REPLY, body: STATX_OUT },
  SETATTR: { answer: ATTR_REPLY, body: ATTR_OUT },
  ACCESS: NOTHING,
  READLINK: { answer: 'a\u00e4b', body: [Buffer.from([0x61, 0xe4, 0x62])] },

  SYMLINK: { answer: ENTRY_REPLY, body: ENTRY },
  MKNOD: { answer: ENTRY_REPLY, body: ENTRY },
  MKDIR: { answer: ENTRY_REPLY, body: ENTRY },
  UNLINK: NOTHING,
  RMDIR: NOTHING,
  RENAME: NOTHING,
  RENAME2: NOTHING,
  LINK: { answer: ENTRY_REPLY, body: ENTRY },
  CREATE: { answer: { entry: ENTRY_REPLY, open: OPEN_REPLY }, body: [...ENTRY, ...OPEN_OUT] },
  TMPFILE: { answer: { entry: ENTRY_REPLY, open: OPEN_REPLY }, body: [...ENTRY, ...OPEN_OUT] },

  OPEN: { answer: OPEN_REPLY, body: OPEN_OUT },
  READ: {
    answer: [Buffer.from('one'), Buffer.alloc(0), Buffer.from('two')],
    body: [Buffer.from('onetwo')],
  },
  WRITE: { answer: { size: 5 }, body: [u32(5, 0)] },
  FLUSH: NOTHING,
  RELEASE: NOTHING,
  FSYNC: NOTHING,
  FALLOCATE: NOTHING,
  LSEEK: { answer: { offset: 0x1_0000_0002 }, body: [u64(0x1_0000_0002)] },
  COPY_FILE_RANGE: { answer: { size: 5 }, body: [u32(5, 0)] },
  COPY_FILE_RANGE_64: { answer: { size: 0x1_0000_0005 }, body: [u64(0x1_0000_0005)] },

  OPENDIR: { answer: OPEN_REPLY, body: OPEN_OUT },
  READDIR: {
    answer: undefined,
    entries: [
      { name: 'abc', ino: 0x1_0000_0007, type: 8, offset: 0x1_0000_0003 },
      { name: '\u00e9ightlen', ino: 9, type: 4, offset: 0x10_0000_0000_0000 },
    ],
    body: [
      u64(0x1_0000_0007, 0x1_0000_0003),
      u32(3, 8),
      Buffer.from('abc\0\0\0\0\0'),
      u64(9, 0x10_0000_0000_0000),
      u32(8, 4),
      Buffer.from('\u00e9ightlen', 'latin1'),
    ],
  },
  READDIRPLUS: {
    answer: undefined,
    entries: [
      { name: '.', ino: 1, type: 4, offset: 1 },
      { name: 'file', ino: 0x1_0000_0007, type: 8, offset: 3, entry: ENTRY_REPLY },
    ],
    body: [
      zeros(128),
      u64(1, 1),
      u32(1, 4),
      Buffer.from('.\0\0\0\0\0\0\0'),
      ...ENTRY,
      u64(0x1_0000_0007, 3),
      u32(4, 8),
      Buffer.from('file\0\0\0\0'),
    ],
  },
  RELEASEDIR: NOTHING,
  FSYNCDIR: NOTHING,

  GETXATTR: { answer: Buffer.from([0, 255, 7]), body: [Buffer.from([0, 255, 7])] },
  LISTXATTR: { answer: ['user.a', 'user.b'], body: [name('user.a'), name('user.b')] },
  SETXATTR: NOTHING,
  REMOVEXATTR: NOTHING,

  GETLK: {
    answer: { lock: { start: 0x1_0000_0000, end: Infinity, type: 1, pid: 4711 } },
    body: [u64(0x1_0000_0000, 0x7fffffffffffffffn), u32(1, 4711)],
  },
  SETLK: NOTHING,
  SETLKW: NOTHING,

  STATFS: {
    answer: {
      blocks: 0x1_0000_0001,
      bfree: 2,
      bavail: 3,
      files: 4,
      ffree: 5,
      bsize: 4096,
      frsize: 512,
      namelen: 255,
    },
    body: [u64(0x1_0000_0001, 2, 3, 4, 5), u32(4096, 255, 512, 0), zeros(24)],
  },
  SYNCFS: NOTHING,
}
