// What intents share: the checks of names and directories in the order POSIX gives their errors, and
// how times move. Everything throws FsError and changes nothing.

import { type Acl, aclAccessName, decodeAcl } from '../../posix/acl.js'
import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory } from '../../posix/mode.js'
import {
  type Credentials,
  checkAllows,
  checkSticky,
  MAY_EXEC,
  MAY_WRITE,
} from '../../posix/permission.js'
import type { Draft, Namespace } from '../../replica/namespace.js'
import { timeAfter } from '../../volume/clock.js'
import { type Dirent, type Inode, inodeWith, type Timespec } from '../../volume/inode.js'
import { type Name, nameBytesMax } from '../../volume/name.js'

/** What every intent carries, fixed when it is made. */
export interface IntentBase {
  readonly time: Timespec
  /** Whose permissions are to be checked; absent where the kernel has done that. */
  readonly as?: Credentials | undefined
}

/** Most names that one inode may have, as on ext4. */
export const linkMax = 65_000

/** The names that every directory has without an entry. */
export function isDotName(name: Name): boolean {
  return name === '.' || name === '..'
}

/** ENAMETOOLONG, ENOENT for an empty name, EINVAL for bytes that a name cannot have. */
export function checkName(name: Name): void {
  if (name.length > nameBytesMax) throw new FsError(Errno.ENAMETOOLONG)
  if (name === '') throw new FsError(Errno.ENOENT)
  if (name.includes('/') || name.includes('\0')) throw new FsError(Errno.EINVAL)
}

/** The directory in which a name is made or removed: ENOENT when it is gone, ENOTDIR, EACCES. */
export function directoryOf(draft: Namespace, ino: number, as: Credentials | undefined): Inode {
  const inode = draft.inode(ino)
  if (!inode) throw new FsError(Errno.ENOENT)
  if (!isDirectory(inode)) throw new FsError(Errno.ENOTDIR)
  if (as) checkAllows(as, inode, MAY_EXEC, accessAcl(inode))
  return inode
}

/** The inode that an intent changes: ESTALE when it has no name any more. */
export function inodeOf(draft: Namespace, ino: number): Inode {
  const inode = draft.inode(ino)
  if (!inode) throw new FsError(Errno.ESTALE)
  return inode
}

/** What stands behind a name that must exist: ENOENT. */
export function victimOf(
  draft: Draft,
  parent: number,
  name: Name,
): { dirent: Dirent; inode: Inode } {
  const dirent = draft.lookup(parent, name)
  if (!dirent) throw new FsError(Errno.ENOENT)
  const inode = draft.inode(dirent.ino)
  if (!inode) throw new FsError(Errno.EIO, `inode ${dirent.ino} of a directory entry is missing`)
  return { dirent, inode }
}

/** A name may be made in `directory`: EACCES. */
export function checkMayCreate(directory: Inode, as: Credentials | undefined): void {
  if (as) checkAllows(as, directory, MAY_WRITE | MAY_EXEC, accessAcl(directory))
}

/** A name may be taken from `directory`: EACCES, EPERM where it is sticky. */
export function checkMayDelete(directory: Inode, victim: Inode, as: Credentials | undefined): void {
  if (!as) return
  checkAllows(as, directory, MAY_WRITE | MAY_EXEC, accessAcl(directory))
  checkSticky(as, directory, victim)
}

export function accessAcl(inode: Inode): Acl | undefined {
  const value = inode.xattrs.get(aclAccessName)
  return value && decodeAcl(value)
}

/** The inode after a change of its attributes or links. */
export function changedAt(inode: Inode, time: Timespec, nlink = inode.nlink): Inode {
  return inodeWith(inode, { ctime: timeAfter(time, inode.ctime), nlink })
}

/** The inode after a change of its content: a directory's entries (and links), a file's bytes. */
export function modifiedAt(inode: Inode, time: Timespec, nlink = inode.nlink): Inode {
  const now = timeAfter(time, inode.ctime)
  return inodeWith(inode, { mtime: now, ctime: now, nlink })
}
