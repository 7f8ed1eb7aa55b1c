// Attributes of a file of this machine: read as an entry, and given to another. Never through a symbolic
// link.

import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  lchownSync,
  openSync,
  readlinkSync,
} from 'node:fs'
import { setTimes } from '../../native/times.js'
import { getXattr, listXattrs, removeXattr, setXattr } from '../../native/xattr.js'
import { aclAccessName } from '../../posix/acl.js'
import { Errno, FsError } from '../../posix/errno.js'
import { isRegular, isSymlink } from '../../posix/mode.js'
import type { Timespec } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import { givenMode } from './compare.js'
import { type Entry, isDevice, type PresentEntry } from './entry.js'
import { travels } from './folder.js'

const O_PATH = 0o10000000
const billion = 1_000_000_000n

/** What lstat(2) said of `path`, with its attributes. */
export function readEntry(path: Buffer, stats: BigIntStats, isPrivileged: boolean): PresentEntry {
  const mode = Number(stats.mode)
  const isShared = stats.nlink > 1n && !stats.isDirectory()
  return {
    mode,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: isRegular({ mode }) ? Number(stats.size) : 0,
    mtime: timespecOf(stats.mtimeNs),
    atime: timespecOf(stats.atimeNs),
    ctime: timespecOf(stats.ctimeNs),
    rdev: isDevice({ mode }) ? Number(stats.rdev) : 0,
    target: stats.isSymbolicLink() ? readlinkSync(path, 'latin1') : '',
    xattrs: readXattrs(path, isPrivileged),
    identity: isShared ? fileIdOf(stats) : undefined,
    fileId: fileIdOf(stats),
  }
}

export function fileIdOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

export function timespecOf(nanoseconds: bigint): Timespec {
  const nsec = ((nanoseconds % billion) + billion) % billion
  return { sec: Number((nanoseconds - nsec) / billion), nsec: Number(nsec) }
}

function readXattrs(path: Buffer, isPrivileged: boolean): Map<Name, Uint8Array> {
  const found = new Map<Name, Uint8Array>()
  for (const name of listXattrNames(path)) {
    if (!travels(name, isPrivileged)) continue
    const value = getXattr(path, Buffer.from(name, 'latin1'))
    if (value) found.set(name, value)
  }
  return found
}

/** A file system without attributes has none. */
function listXattrNames(path: Buffer): Name[] {
  try {
    return listXattrs(path, 'latin1')
  } catch (error) {
    if (error instanceof FsError && error.errno === Errno.EOPNOTSUPP) return []
    throw error
  }
}

/**
 * Owner (as root alone), mode, attributes, times, in this order: a change of owner takes set-id bits and
 * capabilities, an ACL is mode bits, and everything moves times. Answers how many extended attributes this
 * file system does not keep.
 */
export function giveAttributes(path: Buffer, entry: Entry, isPrivileged: boolean): number {
  if (isPrivileged) lchownSync(path, entry.uid, entry.gid)
  if (!isSymlink(entry)) chmodNoFollow(path, givenMode(entry, isPrivileged))
  const refused = giveXattrs(path, entry, isPrivileged)
  setTimes(path, entry.atime ?? entry.mtime, entry.mtime)
  return refused
}

function chmodNoFollow(path: Buffer, mode: number): void {
  const fd = openSync(path, O_PATH | constants.O_NOFOLLOW)
  try {
    // A link in its place is refused here (EOPNOTSUPP): the kernel has no mode for one.
    chmodSync(`/proc/self/fd/${fd}`, mode)
  } finally {
    closeSync(fd)
  }
}

function giveXattrs(path: Buffer, { xattrs }: Entry, isPrivileged: boolean): number {
  for (const name of listXattrNames(path))
    if (!xattrs.has(name) && travels(name, isPrivileged))
      removeXattr(path, Buffer.from(name, 'latin1'))
  const wanted = [...xattrs].filter(([name]) => travels(name, isPrivileged))
  // The access ACL decides the mode bits of the group: last, as chmod came before.
  wanted.sort(([a], [b]) => Number(a === aclAccessName) - Number(b === aclAccessName))
  return wanted.filter(([name, value]) => !isTaken(path, name, value)).length
}

function isTaken(path: Buffer, name: Name, value: Uint8Array): boolean {
  try {
    setXattr(path, Buffer.from(name, 'latin1'), value)
    return true
  } catch (error) {
    if (error instanceof FsError && error.errno === Errno.EOPNOTSUPP) return false
    throw error
  }
}
