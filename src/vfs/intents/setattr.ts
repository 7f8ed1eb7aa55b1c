// Attributes change: chmod, chown, utimensat. A change of size is not here: it is content, and saved
// (save.ts).

import {
  type Acl,
  aclAccessName,
  aclIsMode,
  aclWithMode,
  decodeAcl,
  encodeAcl,
} from '../../posix/acl.js'
import { permissionBits, S_ISGID, setIdBits } from '../../posix/mode.js'
import {
  type Credentials,
  checkAllows,
  checkChown,
  checkOwner,
  isMember,
  MAY_WRITE,
} from '../../posix/permission.js'
import type { Draft } from '../../replica/namespace.js'
import { timeAfter } from '../../volume/clock.js'
import type { Inode, Timespec, Xattrs } from '../../volume/inode.js'
import { accessAcl, type IntentBase, inodeOf } from './checks.js'

/** What is to change; absent stays. Times are numbers by now. */
export interface SettledChanges {
  readonly mode?: number | undefined
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  readonly atime?: Timespec | undefined
  readonly mtime?: Timespec | undefined
  readonly ctime?: Timespec | undefined
  /** Both times are set to the moment of the call: whoever may write may do that. */
  readonly touch?: boolean | undefined
  /** Set-id bits go whatever else changes. */
  readonly dropSetId?: boolean | undefined
  /** Of set-id bits that go, the set-group-id bit goes as from one who is not in the file's group. */
  readonly outsider?: boolean | undefined
}

export interface SetattrIntent extends IntentBase {
  readonly kind: 'setattr'
  readonly ino: number
  readonly changes: SettledChanges
}

export function applySetattr(intent: SetattrIntent, draft: Draft): Inode {
  const inode = inodeOf(draft, intent.ino)
  const changed = withChanges(inode, intent)
  draft.setInode(changed)
  return changed
}

/** The inode after the change. Throws EPERM, EACCES where permissions are to be checked. */
export function withChanges(inode: Inode, intent: Omit<SetattrIntent, 'kind' | 'ino'>): Inode {
  const { changes, time, as } = intent
  if (as) checkChanges(as, inode, changes)
  const uid = changes.uid ?? inode.uid
  const gid = changes.gid ?? inode.gid
  const mode = modeAfter(inode, changes, as, gid)
  const mtime = changes.mtime ?? inode.mtime
  const atime = atimeAfter(inode, changes)
  const ctime = timeAfter(changes.ctime ?? time, inode.ctime)
  const xattrs = changes.mode === undefined ? inode.xattrs : aclsAfterChmod(inode.xattrs, mode)
  const { ino, nlink, rdev, size, btime, content, target, xattrBlock, shared } = inode
  // Written out, because every attribute that a program asks for comes through here (bench/tree.ts).
  return {
    ino,
    mode,
    uid,
    gid,
    nlink,
    rdev,
    size,
    atime,
    mtime,
    ctime,
    btime,
    content,
    target,
    xattrs,
    xattrBlock,
    shared,
  }
}

/** The errors of chown, chmod and utimensat, in the order of Linux (setattr_prepare). */
function checkChanges(as: Credentials, inode: Inode, changes: SettledChanges): void {
  checkChown(as, inode, changes.uid, changes.gid)
  if (changes.mode !== undefined) checkOwner(as, inode)
  if (!changes.atime && !changes.mtime) return
  if (changes.touch && as.uid !== 0 && as.uid !== inode.uid)
    checkAllows(as, inode, MAY_WRITE, accessAcl(inode))
  else checkOwner(as, inode)
}

function modeAfter(
  inode: Inode,
  changes: SettledChanges,
  as: Credentials | undefined,
  gid: number,
): number {
  let { mode } = inode
  const chown = changes.uid !== undefined || changes.gid !== undefined
  if (chown || changes.dropSetId) {
    const outside = as !== undefined && as.uid !== 0 && !isMember(as, inode.gid)
    mode &= ~setIdBits(mode, outside || changes.outsider === true)
  }
  if (changes.mode === undefined) return mode
  mode = (inode.mode & ~permissionBits) | (changes.mode & permissionBits)
  const foreign = as !== undefined && as.uid !== 0 && !isMember(as, gid)
  return foreign ? mode & ~S_ISGID : mode
}

/** An access time that follows mtime stands still when only mtime is set (UTIME_OMIT). */
function atimeAfter(inode: Inode, changes: SettledChanges): Timespec | undefined {
  if (changes.atime) return changes.atime
  return inode.atime ?? (changes.mtime ? inode.mtime : undefined)
}

function aclsAfterChmod(xattrs: Xattrs, mode: number): Xattrs {
  const value = xattrs.get(aclAccessName)
  const acl = value && decodeAcl(value)
  return acl ? withAccessAcl(xattrs, aclWithMode(acl, mode)) : xattrs
}

/** Attributes with this access ACL; one that says no more than the mode bits is not kept. */
export function withAccessAcl(xattrs: Xattrs, acl: Acl | undefined): Xattrs {
  const next = new Map(xattrs)
  if (!acl || aclIsMode(acl)) next.delete(aclAccessName)
  else next.set(aclAccessName, encodeAcl(acl))
  return next
}
