// Attributes of a file of this machine: read as an entry, and given to another. Never through a symbolic
// link.

import {
  type BigIntStats,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
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
function listXattrNames(file: Buffer | number): Name[] {
  try {
    return listXattrs(file, 'latin1')
  } catch (error) {
    if (error instanceof FsError && error.errno === Errno.EOPNOTSUPP) return []
    throw error
  }
}

/**
 * Owner (as root alone), mode, attributes, times, in this order: a change of owner takes set-id bits and
 * capabilities, an ACL is mode bits, and everything moves times. By descriptor (any, also of O_PATH): a name
 * may be another file's by now, and that one must not become root's. Answers how many extended attributes
 * this file system does not keep.
 */
export function giveAttributes(fd: number, entry: Entry, isPrivileged: boolean): number {
  // Calls on this lead to the file itself, and of a symbolic link no further.
  const path = `/proc/self/fd/${fd}`
  if (isPrivileged) chownSync(path, entry.uid, entry.gid)
  if (!isSymlink(entry)) chmodSync(path, givenMode(entry, isPrivileged))
  const refused = giveXattrs(fd, entry, isPrivileged)
  setTimes(fd, entry.atime ?? entry.mtime, entry.mtime)
  return refused
}

/** Holds what has a name, whatever it is, and does `work`; `isIt` says whether it is what is meant. ESTALE. */
export function holding(
  path: Buffer,
  isIt: (stats: BigIntStats) => boolean,
  work: (fd: number) => void,
): void {
  const fd = openSync(path, O_PATH | constants.O_NOFOLLOW)
  try {
    if (!isIt(fstatSync(fd, { bigint: true })))
      throw new FsError(Errno.ESTALE, 'something else has taken its name')
    work(fd)
  } finally {
    closeSync(fd)
  }
}

function giveXattrs(fd: number, { xattrs }: Entry, isPrivileged: boolean): number {
  for (const name of listXattrNames(fd))
    if (!xattrs.has(name) && travels(name, isPrivileged))
      removeXattr(fd, Buffer.from(name, 'latin1'))
  const wanted = [...xattrs].filter(([name]) => travels(name, isPrivileged))
  // The access ACL decides the mode bits of the group: last, as chmod came before.
  wanted.sort(([a], [b]) => Number(a === aclAccessName) - Number(b === aclAccessName))
  return wanted.filter(([name, value]) => !isTaken(fd, name, value)).length
}

function isTaken(fd: number, name: Name, value: Uint8Array): boolean {
  try {
    setXattr(fd, Buffer.from(name, 'latin1'), value)
    return true
  } catch (error) {
    if (error instanceof FsError && error.errno === Errno.EOPNOTSUPP) return false
    throw error
  }
}
