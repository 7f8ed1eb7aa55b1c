// A new inode under a new name: open(O_CREAT), mkdir, mknod, symlink. Owner, group, mode and ACLs come
// from the caller and from the directory as it is when the change is made.

import {
  aclAccessName,
  aclDefaultName,
  aclInherited,
  aclIsMode,
  decodeAcl,
  encodeAcl,
} from '../../posix/acl.js'
import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory, isRegular, isSymlink, S_IFMT, S_ISGID, S_IXGRP } from '../../posix/mode.js'
import { isMember } from '../../posix/permission.js'
import type { Draft } from '../../replica/namespace.js'
import type { Inode, Xattrs } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import { noXattrs } from '../../volume/xattr-codec.js'
import {
  checkMayCreate,
  checkName,
  directoryOf,
  type IntentBase,
  isDotName,
  modifiedAt,
} from './checks.js'

export interface CreateIntent extends IntentBase {
  readonly kind: 'create'
  readonly parent: number
  readonly name: Name
  /** Of the new inode. */
  readonly ino: number
  /** With the file type, before the umask. */
  readonly mode: number
  readonly umask: number
  readonly uid: number
  readonly gid: number
  readonly rdev: number
  /** Of a symbolic link. */
  readonly target: Name
  /** Where the name exists: EEXIST, or (O_CREAT without O_EXCL) the file that is there. */
  readonly existing: 'refuse' | 'open'
}

export interface CreateResult {
  readonly inode: Inode
  readonly created: boolean
}

export function applyCreate(intent: CreateIntent, draft: Draft): CreateResult {
  const { parent, name, as } = intent
  checkName(name)
  const directory = directoryOf(draft, parent, as)
  const dirent = draft.lookup(parent, name)
  if (dirent || isDotName(name))
    return { inode: existingFile(intent, draft, dirent?.ino), created: false }
  checkMayCreate(directory, as)
  if (draft.inode(intent.ino)) throw new FsError(Errno.EIO, `inode ${intent.ino} is there already`)
  const inode = newInode(intent, directory)
  const nlink = directory.nlink + (isDirectory(inode) ? 1 : 0)
  draft.setInode(modifiedAt(directory, intent.time, nlink))
  draft.setInode(inode)
  draft.link(parent, name, { ino: inode.ino, type: inode.mode & S_IFMT })
  return { inode, created: true }
}

/** O_CREAT found the name taken. A link may lead elsewhere: ESTALE has the path walked again. */
function existingFile(intent: CreateIntent, draft: Draft, ino: number | undefined): Inode {
  const inode = ino === undefined ? undefined : draft.inode(ino)
  if (intent.existing === 'refuse' || !inode) throw new FsError(Errno.EEXIST)
  if (isDirectory(inode)) throw new FsError(Errno.EISDIR)
  if (!isRegular(inode)) throw new FsError(Errno.ESTALE)
  return inode
}

/** What is made of `intent` in `directory`; also for O_TMPFILE, which gets no name. */
export function newInode(intent: Omit<CreateIntent, 'kind'>, directory: Inode): Inode {
  const { ino, uid, rdev, target, time } = intent
  const type = intent.mode & S_IFMT
  const setgid = (directory.mode & S_ISGID) !== 0
  const gid = setgid ? directory.gid : intent.gid
  const isDir = isDirectory(intent)
  const { mode, xattrs } = inherited(intent, directory)
  let bits = mode & 0o7777
  if (setgid && isDir) bits |= S_ISGID
  else if (setgid && !keepsSetGid(intent, bits, gid)) bits &= ~S_ISGID
  return {
    ino,
    mode: type | bits,
    uid,
    gid,
    nlink: isDir ? 2 : 1,
    rdev,
    size: isDir ? 4096 : target.length,
    atime: undefined,
    mtime: time,
    ctime: time,
    btime: time,
    content: { kind: 'none' },
    target,
    xattrs,
    xattrBlock: undefined,
    shared: false,
  }
}

/** An executable may be set-group-id for the directory's group only by a member of it (inode(7)). */
function keepsSetGid(intent: Omit<CreateIntent, 'kind'>, bits: number, gid: number): boolean {
  if ((bits & (S_ISGID | S_IXGRP)) !== (S_ISGID | S_IXGRP) || !intent.as) return true
  return intent.as.uid === 0 || isMember(intent.as, gid)
}

/** Mode and ACLs under the directory's default ACL, which takes the place of the umask (acl(5)). */
function inherited(
  intent: Omit<CreateIntent, 'kind'>,
  directory: Inode,
): { mode: number; xattrs: Xattrs } {
  if (isSymlink(intent)) return { mode: intent.mode, xattrs: noXattrs }
  const value = directory.xattrs.get(aclDefaultName)
  const defaultAcl = value && decodeAcl(value)
  if (!value || !defaultAcl) return { mode: intent.mode & ~intent.umask, xattrs: noXattrs }
  const { acl, mode } = aclInherited(defaultAcl, intent.mode)
  const xattrs = new Map<Name, Uint8Array>()
  if (!aclIsMode(acl)) xattrs.set(aclAccessName, encodeAcl(acl))
  if (isDirectory(intent)) xattrs.set(aclDefaultName, value)
  return { mode, xattrs: xattrs.size > 0 ? xattrs : noXattrs }
}
