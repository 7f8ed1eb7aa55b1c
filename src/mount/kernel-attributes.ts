// What the kernel is shown of an inode: stat(2) fields, with the ids and mode bits that the mount's
// options put in their place.

import type { Attributes } from '../fuse/handler.js'
import { S_IFMT } from '../posix/mode.js'
import { allocatedBlocks } from '../vfs/allocated-blocks.js'
import type { Inode } from '../volume/inode.js'

const preferredIoBytes = 4096

/** Options `uid`, `gid`, `umask`: show every file as owned so, and without these bits. */
export interface PresentedOwner {
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  readonly umask?: number | undefined
}

/** The attributes of a GETATTR, LOOKUP, ... reply. `isUnsaved`: not all its bytes are stored yet. */
export function kernelAttributes(
  inode: Inode,
  present: PresentedOwner,
  isUnsaved: boolean,
): Attributes {
  return {
    ino: inode.ino,
    size: inode.size,
    blocks: allocatedBlocks(inode, isUnsaved),
    atime: inode.atime ?? inode.mtime,
    mtime: inode.mtime,
    ctime: inode.ctime,
    btime: inode.btime,
    mode: presentedMode(inode.mode, present.umask),
    nlink: inode.nlink,
    uid: present.uid ?? inode.uid,
    gid: present.gid ?? inode.gid,
    rdev: inode.rdev,
    blksize: preferredIoBytes,
  }
}

function presentedMode(mode: number, umask: number | undefined): number {
  if (umask === undefined) return mode
  return (mode & S_IFMT) | (mode & 0o7777 & ~umask)
}
