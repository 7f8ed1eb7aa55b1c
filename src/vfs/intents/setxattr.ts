// One extended attribute is set or removed. All of an inode's attributes are kept together: small sets
// in its record, larger ones as a block that `prepareSetxattr` uploads. An access ACL is mode bits as
// well (acl(5)).

import type { ContentStore, StoredXattrs } from '../../content/content.js'
import { aclDefaultName, aclMode, decodeAcl } from '../../posix/acl.js'
import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory, isSymlink, S_ISGID } from '../../posix/mode.js'
import { checkAllows, checkOwner, MAY_WRITE } from '../../posix/permission.js'
import type { Draft, Namespace } from '../../replica/namespace.js'
import { PrepareAgain } from '../../replica/replica.js'
import type { Inode, Xattrs } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import { XattrFlag } from '../vfs.js'
import { aclBytesMax, isAcl, isSmall, loadXattrSet, saveXattrSet } from '../xattr-set.js'
import { accessAcl, changedAt, type IntentBase, inodeOf } from './checks.js'
import { withAccessAcl } from './setattr.js'

/** Largest value, and largest list of names, as in Linux (XATTR_SIZE_MAX, XATTR_LIST_MAX). */
export const xattrBytesMax = 65_536
export const xattrNameBytesMax = 255

export interface SetxattrIntent extends IntentBase {
  readonly kind: 'setxattr'
  readonly ino: number
  readonly name: Name
  /** Undefined removes it. */
  readonly value: Uint8Array | undefined
  /** XATTR_CREATE, XATTR_REPLACE */
  readonly flags: number
  /** The set-group-id bit goes along with an ACL set by somebody outside the group. */
  readonly killSgid: boolean
  /** Transient: what the change makes of `base`; `mode` where an access ACL is changed. */
  prepared:
    | { readonly base: Inode; readonly stored: StoredXattrs; readonly mode: number | undefined }
    | undefined
}

/** Uploads the set after the change where it takes a block. Undefined: nothing to wait for. */
export function prepareSetxattr(
  content: ContentStore,
  intent: SetxattrIntent,
  namespace: Namespace,
  missing: ReadonlySet<string> | undefined,
): Promise<void> | undefined {
  const inode = namespace.inode(intent.ino)
  if (!inode || withSmall(intent, inode)) return undefined
  if (intent.prepared && !missing && isBase(intent, inode)) return undefined
  return prepareOn(content, intent, inode)
}

export function prepareOn(
  content: ContentStore,
  intent: SetxattrIntent,
  inode: Inode,
): Promise<void> | undefined {
  const change = (all: Xattrs) => {
    const { xattrs, mode } = withXattr(inode, all, intent)
    const keep = (stored: StoredXattrs) => {
      intent.prepared = { base: inode, stored, mode }
    }
    const stored = saveXattrSet(content, xattrs)
    if (stored instanceof Promise) return stored.then(keep)
    keep(stored)
    return undefined
  }
  const all = loadXattrSet(content, inode)
  return all instanceof Promise ? all.then(change) : change(all)
}

export function applySetxattr(intent: SetxattrIntent, draft: Draft): Inode {
  const inode = inodeOf(draft, intent.ino)
  const changed = withSmall(intent, inode) ?? withPrepared(intent, inode)
  draft.setInode(changed)
  return changed
}

/** The inode after the change, where the set before and after it has room in the record. */
function withSmall(intent: SetxattrIntent, inode: Inode): Inode | undefined {
  if (inode.xattrBlock) return undefined
  const { xattrs, mode } = withXattr(inode, inode.xattrs, intent)
  if (!isSmall(xattrs)) return undefined
  return { ...changedAt(inode, intent.time), mode: mode ?? inode.mode, xattrs }
}

/** The inode with what was prepared on exactly this set; PrepareAgain where it is another by now. */
export function withPrepared(intent: SetxattrIntent, inode: Inode): Inode {
  const { prepared } = intent
  if (!prepared || !isBase(intent, inode)) throw new PrepareAgain()
  const { xattrs, xattrBlock } = prepared.stored
  const mode = prepared.mode ?? inode.mode
  return { ...changedAt(inode, intent.time), mode, xattrs, xattrBlock }
}

/** Sets are immutable, but decoding makes them anew: hence also by value. */
function isBase({ prepared }: SetxattrIntent, inode: Inode): boolean {
  if (!prepared) return false
  const { base } = prepared
  if (prepared.mode !== undefined && base.mode !== inode.mode) return false
  if (base.xattrBlock?.hash !== inode.xattrBlock?.hash) return false
  if (base.xattrs === inode.xattrs) return true
  if (base.xattrs.size !== inode.xattrs.size) return false
  for (const [name, value] of base.xattrs) {
    const other = inode.xattrs.get(name)
    if (!other || Buffer.compare(value, other) !== 0) return false
  }
  return true
}

/** All checks, and the set after the change; `mode` follows an access ACL. */
function withXattr(
  inode: Inode,
  all: Xattrs,
  intent: SetxattrIntent,
): { xattrs: Xattrs; mode: number | undefined } {
  const { name, value, flags } = intent
  checkMayChange(inode, intent)
  const exists = all.has(name)
  if (value === undefined && !exists && !isAcl(name)) throw new FsError(Errno.ENODATA)
  if (flags & XattrFlag.create && exists) throw new FsError(Errno.EEXIST)
  if (flags & XattrFlag.replace && !exists) throw new FsError(Errno.ENODATA)
  if (isAcl(name)) return withAcl(inode, all, intent)
  const xattrs = new Map(all)
  if (value === undefined) xattrs.delete(name)
  else xattrs.set(name, value)
  checkListSize(xattrs)
  return { xattrs, mode: undefined }
}

function checkListSize(xattrs: Xattrs): void {
  let bytes = 0
  for (const name of xattrs.keys()) bytes += name.length + 1
  if (bytes > xattrBytesMax) throw new FsError(Errno.ENOSPC, 'too many extended attributes')
}

function withAcl(
  inode: Inode,
  all: Xattrs,
  { name, value, killSgid }: SetxattrIntent,
): { xattrs: Xattrs; mode: number | undefined } {
  if (isSymlink(inode)) throw new FsError(Errno.EOPNOTSUPP)
  if (value && value.length > aclBytesMax) throw new FsError(Errno.ENOSPC, 'an ACL too long')
  const acl = value && decodeAcl(value)
  if (name === aclDefaultName) {
    if (!isDirectory(inode)) throw new FsError(acl ? Errno.EACCES : Errno.ENODATA)
    const xattrs = new Map(all)
    if (acl && value) xattrs.set(name, value)
    else xattrs.delete(name)
    return { xattrs, mode: undefined }
  }
  if (!acl) return { xattrs: withAccessAcl(all, undefined), mode: undefined }
  const mode = (inode.mode & ~0o777) | aclMode(acl)
  return { xattrs: withAccessAcl(all, acl), mode: killSgid ? mode & ~S_ISGID : mode }
}

/** Who may change which namespace (xattr(7)); the kernel has done that for a kernel mount. */
function checkMayChange(inode: Inode, { name, as }: SetxattrIntent): void {
  if (!as || as.uid === 0) return
  if (isAcl(name)) checkOwner(as, inode)
  else if (name.startsWith('user.')) checkAllows(as, inode, MAY_WRITE, accessAcl(inode))
  else throw new FsError(Errno.EPERM)
}
