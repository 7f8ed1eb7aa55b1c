// Who may do what (POSIX.1-2017, "File Access Permissions"; path_resolution(7), capabilities(7)): mode
// bits, access ACLs, sticky directories, changes of owner and mode. Pure rules over numbers. On a
// kernel mount with default_permissions the kernel has applied them before a call gets here.

import { type Acl, aclAllows } from './acl.js'
import { Errno, FsError } from './errno.js'
import { isDirectory, S_ISVTX } from './mode.js'

/** Who asks. uid 0 has every capability that matters to a file system. */
export interface Credentials {
  readonly uid: number
  readonly gid: number
  readonly groups?: readonly number[] | undefined
}

/** What permission is decided from. */
export interface Guarded {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

export const MAY_EXEC = 1
export const MAY_WRITE = 2
export const MAY_READ = 4

export function isMember(credentials: Credentials, gid: number): boolean {
  return credentials.gid === gid || (credentials.groups?.includes(gid) ?? false)
}

/** May do as the owner does: CAP_FOWNER included. */
export function isOwner(credentials: Credentials, inode: Guarded): boolean {
  return credentials.uid === 0 || credentials.uid === inode.uid
}

/** Whether all of `mask` (MAY_*) is granted. */
export function allows(
  credentials: Credentials,
  inode: Guarded,
  mask: number,
  acl: Acl | undefined,
): boolean {
  if (credentials.uid === 0)
    return (mask & MAY_EXEC) === 0 || isDirectory(inode) || (inode.mode & 0o111) !== 0
  if (acl) return aclAllows(acl, credentials, inode, mask)
  const { mode } = inode
  if (credentials.uid === inode.uid) return ((mode >> 6) & mask) === mask
  if (isMember(credentials, inode.gid)) return ((mode >> 3) & mask) === mask
  return (mode & mask) === mask
}

/** Throws EACCES unless all of `mask` is granted. */
export function checkAllows(
  credentials: Credentials,
  inode: Guarded,
  mask: number,
  acl: Acl | undefined,
): void {
  if (!allows(credentials, inode, mask, acl)) throw new FsError(Errno.EACCES)
}

/** In a sticky directory only the owner of the entry or of the directory removes or renames it: EPERM. */
export function checkSticky(credentials: Credentials, directory: Guarded, victim: Guarded): void {
  if ((directory.mode & S_ISVTX) === 0) return
  if (isOwner(credentials, victim) || isOwner(credentials, directory)) return
  throw new FsError(Errno.EPERM)
}

/** chown(2): root may do all; an owner may give a file to a group of its own. EPERM. */
export function checkChown(
  credentials: Credentials,
  inode: Guarded,
  uid: number | undefined,
  gid: number | undefined,
): void {
  if (credentials.uid === 0 || (uid === undefined && gid === undefined)) return
  const owner = credentials.uid === inode.uid
  const keepsUid = uid === undefined || (owner && uid === inode.uid)
  const keepsGid = gid === undefined || (owner && (gid === inode.gid || isMember(credentials, gid)))
  if (!keepsUid || !keepsGid) throw new FsError(Errno.EPERM)
}

/** chmod(2), and utimensat(2) with times of one's own: EPERM for others than the owner. */
export function checkOwner(credentials: Credentials, inode: Guarded): void {
  if (!isOwner(credentials, inode)) throw new FsError(Errno.EPERM)
}
