// A name goes: unlink(2) and rmdir(2). The inode goes with its last name; who holds it open goes on
// with what `removed` tells.

import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory } from '../../posix/mode.js'
import type { Draft } from '../../replica/namespace.js'
import type { Inode, Timespec } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import {
  changedAt,
  checkMayDelete,
  checkName,
  directoryOf,
  type IntentBase,
  modifiedAt,
  victimOf,
} from './checks.js'

export interface UnlinkIntent extends IntentBase {
  readonly kind: 'unlink'
  readonly parent: number
  readonly name: Name
}

export interface RmdirIntent extends IntentBase {
  readonly kind: 'rmdir'
  readonly parent: number
  readonly name: Name
}

export interface RemovalResult {
  /** The inode without a name, with nlink 0, where this was its last one. */
  readonly removed: Inode | undefined
}

export function applyUnlink(intent: UnlinkIntent, draft: Draft): RemovalResult {
  const { parent, name, time, as } = intent
  checkName(name)
  const directory = directoryOf(draft, parent, as)
  const { inode } = victimOf(draft, parent, name)
  checkMayDelete(directory, inode, as)
  if (isDirectory(inode)) throw new FsError(Errno.EISDIR)
  draft.setInode(modifiedAt(directory, time))
  draft.unlink(parent, name)
  return { removed: dropLink(draft, inode, time) }
}

export function applyRmdir(intent: RmdirIntent, draft: Draft): RemovalResult {
  const { parent, name, time, as } = intent
  checkName(name)
  if (name === '.') throw new FsError(Errno.EINVAL)
  if (name === '..') throw new FsError(Errno.ENOTEMPTY)
  const directory = directoryOf(draft, parent, as)
  const { inode } = victimOf(draft, parent, name)
  checkMayDelete(directory, inode, as)
  if (!isDirectory(inode)) throw new FsError(Errno.ENOTDIR)
  checkEmpty(draft, inode.ino)
  draft.setInode(modifiedAt(directory, time, directory.nlink - 1))
  draft.unlink(parent, name)
  return { removed: removeDirectory(draft, inode, time) }
}

export function checkEmpty(draft: Draft, ino: number): void {
  if (draft.list(ino, undefined, 1).length > 0) throw new FsError(Errno.ENOTEMPTY)
}

/** One name less; the inode as it was left when that was the last one. */
export function dropLink(draft: Draft, inode: Inode, time: Timespec): Inode | undefined {
  const left = changedAt(inode, time, inode.nlink - 1)
  if (left.nlink > 0) {
    draft.setInode(left)
    return undefined
  }
  draft.removeInode(inode.ino)
  return left
}

export function removeDirectory(draft: Draft, inode: Inode, time: Timespec): Inode {
  draft.removeInode(inode.ino)
  return modifiedAt(inode, time, 0)
}
