// An inode: what stat(2), readlink(2), getxattr(2) and read(2) are answered from. Pure data; its
// packed form is in inode-codec.ts. Objects are never changed in place: a change makes a new one.

import type { Name } from './name.js'

/** Seconds and nanoseconds since 1970, as struct timespec. */
export interface Timespec {
  readonly sec: number
  readonly nsec: number
}

/** A block's name: SHA-256 over its plain bytes (block-codec.ts), 64 hexadecimal digits. */
export type Hash = string

/**
 * Where the bytes of a regular file are. `length` is how many of them the block, or all that the
 * manifest names, hold (holes included). `tail` are the few bytes behind those: what was appended since,
 * so that a line added to a log costs no block. Bytes between the content's end and `size` are a hole.
 */
export type Content =
  | { readonly kind: 'none' }
  | { readonly kind: 'inline'; readonly data: Uint8Array }
  | StoredContent<'block'>
  | StoredContent<'manifest'>

interface StoredContent<Kind extends 'block' | 'manifest'> {
  readonly kind: Kind
  readonly hash: Hash
  readonly length: number
  /** Never empty. */
  readonly tail?: Uint8Array
}

/** Extended attributes: by name (byte string), values of any bytes. */
export type Xattrs = ReadonlyMap<Name, Uint8Array>

/** All its properties are always there: copies with one more cost twenty times as much. */
export interface Inode {
  /** Below 2^53, never reused within an owner; the kernel's node id as well. Root is 1. */
  readonly ino: number
  /** S_IFMT and permission bits, as st_mode. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly nlink: number
  /** Linux's 32-bit encoding, as the kernel's `rdev` in FUSE; 0 but for devices. */
  readonly rdev: number
  /** Bytes; a symlink's is the length of its target; a directory's is 4096. */
  readonly size: number
  /** Set only where a program set it: reading does not move it. Undefined: the same as mtime. */
  readonly atime: Timespec | undefined
  readonly mtime: Timespec
  readonly ctime: Timespec
  readonly btime: Timespec
  readonly content: Content
  /** Target of a symbolic link, a byte string; empty for everything else. */
  readonly target: Name
  readonly xattrs: Xattrs
  /**
   * Extended attributes too large for the record live in this block (see xattr-codec.ts); `xattrs`
   * holds ACLs alone then. Undefined for most.
   */
  readonly xattrBlock: { readonly hash: Hash; readonly length: number } | undefined
  /**
   * Ever had two names: then its attributes stand in an inode record of its own, and its directory
   * entries only point there, until nlink 0.
   */
  readonly shared: boolean
}

/** A directory entry as the namespace sees it. */
export interface Dirent {
  readonly ino: number
  /** S_IFMT bits only. */
  readonly type: number
}

/** Inode number of a volume's root directory, as FUSE_ROOT_ID. */
export const rootIno = 1

/** What changes of an inode when it is linked, written or removed. */
export type InodeChange = Partial<
  Pick<Inode, 'mode' | 'nlink' | 'size' | 'mtime' | 'ctime' | 'content'>
>

/** A copy with this changed. Written out: every change of a volume makes some. */
export function inodeWith(inode: Inode, change: InodeChange): Inode {
  return {
    ino: inode.ino,
    mode: change.mode ?? inode.mode,
    uid: inode.uid,
    gid: inode.gid,
    nlink: change.nlink ?? inode.nlink,
    rdev: inode.rdev,
    size: change.size ?? inode.size,
    atime: inode.atime,
    mtime: change.mtime ?? inode.mtime,
    ctime: change.ctime ?? inode.ctime,
    btime: inode.btime,
    content: change.content ?? inode.content,
    target: inode.target,
    xattrs: inode.xattrs,
    xattrBlock: inode.xattrBlock,
    shared: inode.shared,
  }
}

/** The hashes that an inode names directly (not those inside a manifest). */
export function namedHashes(inode: Inode): Hash[] {
  const hashes: Hash[] = []
  if (inode.content.kind === 'block' || inode.content.kind === 'manifest')
    hashes.push(inode.content.hash)
  if (inode.xattrBlock) hashes.push(inode.xattrBlock.hash)
  return hashes
}
