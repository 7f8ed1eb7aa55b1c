// rename(2) and renameat2(2): one name, or two, change in one step, over any directories.

import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory } from '../../posix/mode.js'
import { checkAllows, MAY_WRITE } from '../../posix/permission.js'
import type { Draft } from '../../replica/namespace.js'
import { type Inode, rootIno } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import { RenameFlag } from '../vfs.js'
import {
  accessAcl,
  changedAt,
  checkMayCreate,
  checkMayDelete,
  checkName,
  directoryOf,
  type IntentBase,
  isDotName,
  modifiedAt,
  victimOf,
} from './checks.js'
import { checkEmpty, dropLink, type RemovalResult, removeDirectory } from './unlink.js'

export interface RenameIntent extends IntentBase {
  readonly kind: 'rename'
  readonly parent: number
  readonly name: Name
  readonly newParent: number
  readonly newName: Name
  /** RENAME_* */
  readonly flags: number
}

const flagsKnown = RenameFlag.noReplace | RenameFlag.exchange

/** The names and inodes of one rename as they are now. */
interface Move {
  readonly from: Inode
  readonly to: Inode
  readonly source: Inode
  /** What the new name means now. */
  readonly target: Inode | undefined
}

export function applyRename(intent: RenameIntent, draft: Draft): RemovalResult {
  const { flags } = intent
  checkFlags(flags)
  const move = findMove(intent, draft)
  const { source, target } = move
  if (target?.ino === source.ino) return { removed: undefined }
  checkPermissions(intent, move)
  if (flags & RenameFlag.exchange && target) {
    exchange(intent, draft, move, target)
    return { removed: undefined }
  }
  if (target && isDirectory(target)) checkEmpty(draft, target.ino)
  return { removed: replace(intent, draft, move) }
}

/** EINVAL for WHITEOUT, flags that are not known, and NOREPLACE with EXCHANGE. */
export function checkFlags(flags: number): void {
  if ((flags & ~flagsKnown) !== 0 || flags === flagsKnown) throw new FsError(Errno.EINVAL)
}

function findMove(intent: RenameIntent, draft: Draft): Move {
  const { parent, name, newParent, newName, flags, as } = intent
  const from = directoryOf(draft, parent, as)
  const to = directoryOf(draft, newParent, as)
  if (isDotName(name) || isDotName(newName)) throw new FsError(Errno.EBUSY)
  checkName(name)
  const source = victimOf(draft, parent, name).inode
  checkName(newName)
  const target = draft.lookup(newParent, newName) && victimOf(draft, newParent, newName).inode
  if (target && flags & RenameFlag.noReplace) throw new FsError(Errno.EEXIST)
  if (!target && flags & RenameFlag.exchange) throw new FsError(Errno.ENOENT)
  if (isDirectory(source) && isWithin(draft, newParent, source.ino)) throw new FsError(Errno.EINVAL)
  if (target && isDirectory(target) && isWithin(draft, parent, target.ino))
    throw new FsError(flags & RenameFlag.exchange ? Errno.EINVAL : Errno.ENOTEMPTY)
  return { from, to, source, target }
}

/** In Linux's order (vfs_rename): what goes, what comes, then a directory that changes its "..". */
function checkPermissions(intent: RenameIntent, { from, to, source, target }: Move): void {
  const { flags, as } = intent
  const exchanging = (flags & RenameFlag.exchange) !== 0
  checkMayDelete(from, source, as)
  if (!target) checkMayCreate(to, as)
  else {
    checkMayDelete(to, target, as)
    if (!exchanging && isDirectory(source) && !isDirectory(target)) throw new FsError(Errno.ENOTDIR)
    if (!exchanging && !isDirectory(source) && isDirectory(target)) throw new FsError(Errno.EISDIR)
  }
  if (!as || from.ino === to.ino) return
  for (const moved of exchanging ? [source, target] : [source])
    if (moved && isDirectory(moved)) checkAllows(as, moved, MAY_WRITE, accessAcl(moved))
}

function replace(intent: RenameIntent, draft: Draft, move: Move): Inode | undefined {
  const { parent, name, newParent, newName, time } = intent
  const { source, target } = move
  const moved = isDirectory(source) ? 1 : 0
  const replaced = target && isDirectory(target) ? 1 : 0
  setDirectories(intent, draft, move, -moved, moved - replaced)
  draft.setInode(changedAt(source, time))
  const dirent = draft.lookup(parent, name)
  if (!dirent) throw new FsError(Errno.ENOENT)
  draft.unlink(parent, name)
  if (target) draft.unlink(newParent, newName)
  draft.link(newParent, newName, dirent)
  if (!target) return undefined
  return isDirectory(target) ? removeDirectory(draft, target, time) : dropLink(draft, target, time)
}

function exchange(intent: RenameIntent, draft: Draft, move: Move, target: Inode): void {
  const { parent, name, newParent, newName, time } = intent
  const difference = (isDirectory(move.source) ? 1 : 0) - (isDirectory(target) ? 1 : 0)
  setDirectories(intent, draft, move, -difference, difference)
  draft.setInode(changedAt(move.source, time))
  draft.setInode(changedAt(target, time))
  const first = victimOf(draft, parent, name).dirent
  const second = victimOf(draft, newParent, newName).dirent
  draft.link(parent, name, second)
  draft.link(newParent, newName, first)
}

/** Times of both directories, and their links: each directory within counts one. */
function setDirectories(
  { time }: RenameIntent,
  draft: Draft,
  { from, to }: Move,
  fromLinks: number,
  toLinks: number,
): void {
  if (from.ino === to.ino) {
    const nlink = from.nlink + fromLinks + toLinks
    draft.setInode(modifiedAt(from, time, nlink))
    return
  }
  draft.setInode(modifiedAt(from, time, from.nlink + fromLinks))
  draft.setInode(modifiedAt(to, time, to.nlink + toLinks))
}

/** Whether directory `ino` is `ancestor` or lies beneath it. EIO where directories form a cycle. */
function isWithin(draft: Draft, ino: number, ancestor: number): boolean {
  const passed = new Set<number>()
  let at = ino
  while (at !== ancestor) {
    if (at === rootIno) return false
    if (passed.has(at)) throw new FsError(Errno.EIO, `inode ${at} lies beneath itself`)
    passed.add(at)
    const up = draft.parentOf(at)
    if (up === undefined) return false
    at = up
  }
  return true
}
