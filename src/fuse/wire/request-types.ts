// What the kernel asks, decoded: one type for each request body of fuse.h that a handler is given.
// Names are byte strings (latin1: one char a byte). File offsets, sizes, node ids and file handles
// are numbers below 2^53; a request that goes beyond never reaches the handler (see requests.ts).

/** 64 bits as the wire has them, for values that are only compared: lock owners. */
export interface U64 {
  readonly lo: number
  readonly hi: number
}

/** A moment since the epoch; `sec` may be negative, `nsec` is 0 to 999,999,999. */
export interface Time {
  readonly sec: number
  readonly nsec: number
}

/** LOOKUP, UNLINK, RMDIR: a name in the directory `request.nodeid`. */
export interface NameArguments {
  readonly name: string
}

/** FORGET, and one item of BATCH_FORGET: so many lookups of the node are taken back. */
export interface ForgetArguments {
  readonly nodeid: number
  readonly nlookup: number
}

export interface BatchForgetArguments {
  readonly forgets: readonly ForgetArguments[]
}

/** GETATTR; `fh` only where the kernel asks for an open file (FUSE_GETATTR_FH). */
export interface GetattrArguments {
  readonly fh: number | undefined
}

/** STATX: `flags` are AT_STATX_*, `mask` STATX_*, both as statx(2) has them. */
export interface StatxArguments {
  readonly fh: number | undefined
  readonly flags: number
  readonly mask: number
}

/** SETATTR: what is undefined stays as it is. `'now'` is the moment of the call. */
export interface SetattrArguments {
  readonly fh: number | undefined
  readonly mode: number | undefined
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly size: number | undefined
  readonly atime: Time | 'now' | undefined
  readonly mtime: Time | 'now' | undefined
  readonly ctime: Time | undefined
  readonly lockOwner: U64 | undefined
  /** Set-uid and set-gid bits go: the owner changes, or the size does and by an ordinary user. */
  readonly killSuidgid: boolean
}

export interface SymlinkArguments {
  readonly name: string
  readonly target: string
}

/** `mode` holds the file type too; `umask` is not applied yet; `rdev` as the kernel encodes it. */
export interface MknodArguments {
  readonly name: string
  readonly mode: number
  readonly umask: number
  readonly rdev: number
}

export interface MkdirArguments {
  readonly name: string
  readonly mode: number
  readonly umask: number
}

/** RENAME (`flags` 0) and RENAME2 (`flags` RENAME_*): from `request.nodeid` to `newParent`. */
export interface RenameArguments {
  readonly name: string
  readonly newParent: number
  readonly newName: string
  readonly flags: number
}

/** LINK: the node `oldNodeid` gets the name `newName` in the directory `request.nodeid`. */
export interface LinkArguments {
  readonly oldNodeid: number
  readonly newName: string
}

/** OPEN, OPENDIR: `flags` are O_* of open(2), `openFlags` FUSE_OPEN_*. */
export interface OpenArguments {
  readonly flags: number
  readonly openFlags: number
}

/** CREATE; TMPFILE too, whose name means nothing. `umask` is not applied yet. */
export interface CreateArguments {
  readonly name: string
  readonly flags: number
  readonly mode: number
  readonly umask: number
  readonly openFlags: number
}

/** READ: `flags` are O_* of the open file. A short answer means end of file. */
export interface ReadArguments {
  readonly fh: number
  readonly offset: number
  readonly size: number
  readonly flags: number
  readonly lockOwner: U64 | undefined
}

/** WRITE. `data` is a view that is valid until the request is answered: copy what is kept. */
export interface WriteArguments {
  readonly fh: number
  readonly offset: number
  readonly data: Buffer
  readonly flags: number
  readonly writeFlags: number
  readonly lockOwner: U64 | undefined
}

/** RELEASE, RELEASEDIR; `lockOwner` where flock(2) locks are to be dropped with the file. */
export interface ReleaseArguments {
  readonly fh: number
  readonly flags: number
  readonly releaseFlags: number
  readonly lockOwner: U64 | undefined
}

/** FLUSH: one of the file's descriptors is closed. */
export interface FlushArguments {
  readonly fh: number
  readonly lockOwner: U64
}

/** FSYNC, FSYNCDIR. */
export interface FsyncArguments {
  readonly fh: number
  readonly datasync: boolean
}

/** SETXATTR: `flags` are XATTR_* of setxattr(2). `value` is the handler's to keep. */
export interface SetxattrArguments {
  readonly name: string
  readonly value: Buffer
  readonly flags: number
  /** system.posix_acl_access is set by someone outside the group: the set-gid bit goes. */
  readonly killSgid: boolean
}

/** READDIR, READDIRPLUS: the entries behind `offset`, 0 at first, as many as the list takes. */
export interface ReaddirArguments {
  readonly fh: number
  readonly offset: number
  readonly size: number
}

export interface FileLock {
  readonly start: number
  /** The last byte that is locked; Infinity for a lock to the end of the file, however it grows. */
  readonly end: number
  /** F_RDLCK 0, F_WRLCK 1, F_UNLCK 2. */
  readonly type: number
  readonly pid: number
}

/** GETLK, SETLK, SETLKW; `flock` for a lock of flock(2), else of fcntl(2). */
export interface LockArguments {
  readonly fh: number
  readonly owner: U64
  readonly lock: FileLock
  readonly flock: boolean
}

/** ACCESS: `mask` of access(2). */
export interface AccessArguments {
  readonly mask: number
}

/** FALLOCATE: `mode` is FALLOC_FL_* of fallocate(2). */
export interface FallocateArguments {
  readonly fh: number
  readonly offset: number
  readonly length: number
  readonly mode: number
}

/** LSEEK: `whence` is SEEK_DATA 3 or SEEK_HOLE 4; the kernel does the others itself. */
export interface LseekArguments {
  readonly fh: number
  readonly offset: number
  readonly whence: number
}

/** COPY_FILE_RANGE and COPY_FILE_RANGE_64: from `request.nodeid` to `nodeidOut`. */
export interface CopyFileRangeArguments {
  readonly fhIn: number
  readonly offsetIn: number
  readonly nodeidOut: number
  readonly fhOut: number
  readonly offsetOut: number
  readonly length: number
  readonly flags: number
}
