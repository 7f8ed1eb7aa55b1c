// What a handler answers, before it is encoded: one type for each reply body of fuse.h.
// Lifetimes are in milliseconds, absent means 0: the kernel asks again at the next use.

import type { FileLock, Time } from './request-types.js'

/** stat(2). `rdev` as the kernel encodes it; `btime` is told by STATX alone. */
export interface Attributes {
  readonly ino: number
  readonly size: number
  /** In units of 512 bytes. */
  readonly blocks: number
  readonly atime: Time
  readonly mtime: Time
  readonly ctime: Time
  readonly btime?: Time | undefined
  /** File type and permission bits. */
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly rdev: number
  readonly blksize: number
}

/** LOOKUP, MKNOD, MKDIR, SYMLINK, LINK: the kernel now holds one more lookup of `nodeid`. */
export interface EntryReply {
  readonly nodeid: number
  /** `nodeid` and `generation` together are unique for the life of the file system. */
  readonly generation: number
  readonly attributes: Attributes
  readonly entryTtlMs?: number
  readonly attrTtlMs?: number
}

/** LOOKUP: the name is known to be absent, for as long as `entryTtlMs`. (ENOENT is for now.) */
export interface NegativeEntryReply {
  readonly nodeid: 0
  readonly entryTtlMs: number
}

/** GETATTR, SETATTR, STATX. */
export interface AttrReply {
  readonly attributes: Attributes
  readonly attrTtlMs?: number
}

/** OPEN, OPENDIR: `openFlags` are FOPEN_*; `backingId` goes with FOPEN_PASSTHROUGH. */
export interface OpenReply {
  readonly fh: number
  readonly openFlags?: number
  readonly backingId?: number
}

/** CREATE, TMPFILE. */
export interface CreateReply {
  readonly entry: EntryReply
  readonly open: OpenReply
}

/** READ: at most what was asked for. The buffers are not kept beyond the reply. */
export type ReadReply = Uint8Array | readonly Uint8Array[]

/** WRITE, COPY_FILE_RANGE: bytes written or copied. */
export interface SizeReply {
  readonly size: number
}

/** LSEEK. */
export interface OffsetReply {
  readonly offset: number
}

/** STATFS: `blocks`, `bfree`, `bavail` count units of `frsize` bytes. */
export interface StatfsReply {
  readonly blocks: number
  readonly bfree: number
  readonly bavail: number
  readonly files: number
  readonly ffree: number
  readonly bsize: number
  readonly frsize: number
  readonly namelen: number
}

/** GETLK: the lock that is in the way, or `type` F_UNLCK. */
export interface LockReply {
  readonly lock: FileLock
}

/** One name of a READDIR. */
export interface DirectoryEntry {
  readonly name: string
  readonly ino: number
  /** DT_* of readdir(3): the file type bits of mode, shifted right by 12. */
  readonly type: number
  /** Where a later READDIR goes on after this entry: not 0, below 2^53. */
  readonly offset: number
}

/** One name of a READDIRPLUS; without `entry` (or nodeid 0) the kernel asks when it needs it. */
export interface DirectoryEntryPlus extends DirectoryEntry {
  /** The kernel now holds one more lookup of `entry.nodeid`; not so for the names . and .. */
  readonly entry?: EntryReply | undefined
}

/** Takes the entries of one READDIR or READDIRPLUS, straight into the reply. */
export interface DirectoryList<Entry> {
  /** False when there is no room: the entry was not taken, and the reply is complete. */
  add(entry: Entry): boolean
}
