// What a volume is to the programs that use it: the calls of a POSIX file system, by the kernel's
// names for them, over a replica (names, attributes, order) and a content store (bytes). It knows
// neither the kernel's protocol (src/mount/bridge.ts speaks that) nor an engine.
//
// Every method answers at once where everything it needs is in memory, and a promise only where it
// has to wait for the store. Errors are FsError, thrown or rejected. Names are byte strings.

import type { FsError } from '../posix/errno.js'
import type { Hash, Inode, Timespec } from '../volume/inode.js'
import type { AnsweredRequest } from '../volume/log-entry.js'
import type { Name } from '../volume/name.js'
import type { Intent } from './intents/intent.js'
import type { LoggedChange } from './logged-changes.js'

export type Awaitable<T> = T | Promise<T>

/** Who calls. */
export interface Caller {
  readonly uid: number
  readonly gid: number
  /** Supplementary groups, as far as they are known. */
  readonly groups?: readonly number[] | undefined
  /** All of them, where that can be found out; asked only where it decides something. */
  readonly findGroups?: (() => readonly number[] | undefined) | undefined
  /** Taken from the mode of what is created; 0 where the kernel has taken it already. */
  readonly umask: number
  readonly pid: number
  /** Made when first asked for: aborted when the caller is interrupted. Only waits look at it. */
  readonly signal?: (() => AbortSignal) | undefined
  /** The kernel's request that a change answers, kept in the volume's log with the change. */
  readonly answers?: AnsweredRequest | undefined
}

/** An open file or directory of this vfs: a positive integer, not used again while it is open. */
export type Handle = number

/** What setattr changes; what is absent or undefined stays. `'now'` is the moment of the call. */
export interface AttributeChanges {
  /** Permission bits; file type bits are ignored. */
  readonly mode?: number | undefined
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  readonly size?: number | undefined
  readonly atime?: Timespec | 'now' | undefined
  readonly mtime?: Timespec | 'now' | undefined
  readonly ctime?: Timespec | undefined
  /** The caller may not keep set-id bits over a change of size (FATTR_KILL_SUIDGID). */
  readonly killSuidgid?: boolean | undefined
}

export interface WriteOptions {
  /** Ignore the offset and write at the file's end as it is when the bytes are saved (O_APPEND). */
  readonly append?: boolean | undefined
  /** The kernel writes back a page of a mapping (FUSE_WRITE_CACHE): it never makes the file longer. */
  readonly fromMapping?: boolean | undefined
  /** The caller may not keep set-id bits (FUSE_WRITE_KILL_SUIDGID). */
  readonly killSuidgid?: boolean | undefined
}

export interface Created {
  readonly inode: Inode
  readonly handle: Handle
  /** False where the name existed and O_EXCL was not asked for. */
  readonly created: boolean
}

/** One entry of a listing. */
export interface DirectoryEntry {
  readonly name: Name
  readonly ino: number
  /** S_IFMT bits of its mode. */
  readonly type: number
  /** Where a later readdir goes on behind this entry; the same for every handle, mount and restart. */
  readonly offset: number
}

/** Flags of rename, as RENAME_* of linux/fs.h. */
export const RenameFlag = { noReplace: 1, exchange: 2, whiteout: 4 } as const

/** Flags of setxattr(2). */
export const XattrFlag = { create: 1, replace: 2 } as const

/** Modes of fallocate(2), FALLOC_FL_* of linux/falloc.h. */
export const FallocateMode = { keepSize: 0x01, punchHole: 0x02, zeroRange: 0x10 } as const

/** `whence` of lseek(2) as Linux numbers it; the others never reach a file system. */
export const Seek = { data: 3, hole: 4 } as const

/** Mask of access(2). */
export const Access = { execute: 1, write: 2, read: 4 } as const

export const LockType = { read: 0, write: 1, unlock: 2 } as const

/** A lock of fcntl(2), or of flock(2) (then from 0 to Infinity). */
export interface FileLock {
  /** Who holds it: one process (fcntl) or one open file (flock, OFD); compared, never interpreted. */
  readonly owner: string
  readonly flock: boolean
  readonly start: number
  /** Last byte locked, inclusive; Infinity for "to the end, however far it grows". */
  readonly end: number
  readonly type: number
  readonly pid: number
}

/** statvfs(3); `blocks`, `bfree` and `bavail` count units of `frsize` bytes. */
export interface FileSystemStatus {
  readonly blocks: number
  readonly bfree: number
  readonly bavail: number
  readonly files: number
  readonly ffree: number
  readonly bsize: number
  readonly frsize: number
  readonly namelen: number
}

/**
 * What whoever caches answers of this vfs (the kernel) has to drop. Only names in directories, and
 * inodes, that were remembered; the root always is.
 */
export interface Invalidation {
  readonly names: readonly {
    readonly parent: number
    readonly name: Name
    /** Inode number behind the name before and now; 0 = none. */
    readonly before: number
    readonly after: number
    /** `before` or `after` is a directory. */
    readonly directory: boolean
  }[]
  /** Attributes changed; `content` tells that the bytes did, or may have. */
  readonly inodes: readonly { readonly ino: number; readonly content: boolean }[]
  /** The whole copy was loaded anew. */
  readonly reloaded: boolean
}

export interface VfsStatus {
  readonly inodesRemembered: number
  readonly openHandles: number
  /** Inodes without a name that are still open, remembered, or being saved. */
  readonly orphans: number
  readonly spoolBytes: number
  readonly savesWaiting: number
  /** Saves that failed since the start; each was reported to the file's handles. */
  readonly saveErrors: number
  readonly listingsCached: number
}

export interface Vfs {
  /** Undefined: there is no such name. */
  lookup(caller: Caller, parent: number, name: Name): Awaitable<Inode | undefined>
  /** Unsaved bytes of this mount count: size and times are what read and write would find. */
  getattr(caller: Caller, ino: number, handle?: Handle): Awaitable<Inode>
  setattr(caller: Caller, ino: number, changes: AttributeChanges, handle?: Handle): Awaitable<Inode>
  access(caller: Caller, ino: number, mask: number): Awaitable<void>
  readlink(caller: Caller, ino: number): Awaitable<Name>

  symlink(caller: Caller, parent: number, name: Name, target: Name): Awaitable<Inode>
  /** `mode` holds the file type; `rdev` in Linux's 32-bit encoding. */
  mknod(caller: Caller, parent: number, name: Name, mode: number, rdev: number): Awaitable<Inode>
  mkdir(caller: Caller, parent: number, name: Name, mode: number): Awaitable<Inode>
  unlink(caller: Caller, parent: number, name: Name): Awaitable<void>
  rmdir(caller: Caller, parent: number, name: Name): Awaitable<void>
  rename(
    caller: Caller,
    parent: number,
    name: Name,
    newParent: number,
    newName: Name,
    flags: number,
  ): Awaitable<void>
  link(caller: Caller, ino: number, newParent: number, newName: Name): Awaitable<Inode>
  /** O_CREAT: `flags` as open(2) has them (O_EXCL, O_TRUNC, O_APPEND and the access mode count). */
  create(
    caller: Caller,
    parent: number,
    name: Name,
    mode: number,
    flags: number,
  ): Awaitable<Created>
  /** O_TMPFILE in a directory. */
  tmpfile(caller: Caller, parent: number, mode: number, flags: number): Awaitable<Created>

  open(caller: Caller, ino: number, flags: number): Awaitable<Handle>
  /** Fewer bytes than asked for only at the end of the file. Valid until the next tick. */
  read(caller: Caller, handle: Handle, offset: number, size: number): Awaitable<readonly Buffer[]>
  /** `data` is copied before this returns. Answers the number of bytes written: all of them. */
  write(
    caller: Caller,
    handle: Handle,
    offset: number,
    data: Uint8Array,
    options?: WriteOptions,
  ): Awaitable<number>
  /** close(2) of one descriptor: saves; drops the fcntl locks of `lockOwner`. */
  flush(caller: Caller, handle: Handle, lockOwner?: string): Awaitable<void>
  fsync(caller: Caller, handle: Handle, datasync: boolean): Awaitable<void>
  /** The last descriptor is gone; what was dirtied since the flush is saved behind. */
  release(caller: Caller, handle: Handle, flockOwner?: string): Awaitable<void>
  fallocate(
    caller: Caller,
    handle: Handle,
    mode: number,
    offset: number,
    length: number,
  ): Awaitable<void>
  lseek(caller: Caller, handle: Handle, offset: number, whence: number): Awaitable<number>
  copyFileRange(
    caller: Caller,
    from: Handle,
    fromOffset: number,
    to: Handle,
    toOffset: number,
    length: number,
  ): Awaitable<number>

  opendir(caller: Caller, ino: number): Awaitable<Handle>
  /** Gives the entries behind `offset` (0 at first) to `add` until it answers false, or the end. */
  readdir(
    caller: Caller,
    handle: Handle,
    offset: number,
    add: (entry: DirectoryEntry) => boolean,
  ): Awaitable<void>
  releasedir(caller: Caller, handle: Handle): void
  fsyncdir(caller: Caller, handle: Handle): Awaitable<void>

  /** Undefined: there is none of that name. */
  getxattr(caller: Caller, ino: number, name: Name): Awaitable<Uint8Array | undefined>
  listxattr(caller: Caller, ino: number): Awaitable<readonly Name[]>
  /** `flags` are XATTR_*; `killSgid` as FUSE_SETXATTR_ACL_KILL_SGID. */
  setxattr(
    caller: Caller,
    ino: number,
    name: Name,
    value: Uint8Array,
    flags: number,
    killSgid?: boolean,
  ): Awaitable<void>
  removexattr(caller: Caller, ino: number, name: Name): Awaitable<void>

  /** The lock that is in the way of this one, or undefined. */
  getlk(caller: Caller, ino: number, lock: FileLock): Awaitable<FileLock | undefined>
  /** EAGAIN where another is in the way. Type `unlock` releases. */
  setlk(caller: Caller, ino: number, lock: FileLock): Awaitable<void>
  /** Waits; EINTR when `caller.signal` is aborted, EDEADLK for a circle of fcntl locks. */
  setlkw(caller: Caller, ino: number, lock: FileLock): Awaitable<void>

  statfs(caller: Caller): Awaitable<FileSystemStatus>
  /** Saves every file and waits until all changes are committed. */
  syncfs(caller: Caller): Promise<void>

  /** The kernel was told of this inode `count` times more. */
  remember(ino: number, count: number): void
  /** It took `count` back; at zero, an inode without names and handles goes. */
  forget(ino: number, count: number): void

  /**
   * Open, or being saved: the replica keeps such an inode at hand, to tell what it was when another
   * mount takes its last name. An inode that is merely remembered is ESTALE then.
   */
  isUsed(ino: number): boolean
  /** Something of a regular file is written and not stored yet. */
  isUnsaved(ino: number): boolean
  /** Blocks that inodes without a name still need: no record names them any more. */
  pins(): Iterable<Hash>
  onInvalidate(listener: (invalidation: Invalidation) => void): void
  /** Told of what comes into the volume's log, own changes too. Answers what ends it. */
  onLogged(listener: (changes: readonly LoggedChange[]) => void): () => void
  /** A change that was answered cannot be done: whoever asks next is told. */
  lost(intent: Intent, error: FsError, id?: string): void
  /** It will be told lost: what would be gone is kept already. `id`: as LostChange. */
  losing(intent: Intent, error: FsError, id: string): void
  /** It was done after all. */
  spared(intent: Intent, id: string): void
  status(): VfsStatus
  /** Who holds what open: for messages about a busy file system. */
  openFiles(): { readonly ino: number; readonly pid: number; readonly path: Name | undefined }[]
  /** As syncfs; afterwards nothing is in flight. Rejects with the first error of a save. */
  settle(): Promise<void>
  /**
   * Settles as far as it can, then drops all handles; further calls are EIO. Not the replica. Rejects
   * with EIO, when all that is done, where something could not be saved.
   */
  close(): Promise<void>
}
