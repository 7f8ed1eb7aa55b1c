// One more name for an inode: link(2).

import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory, S_IFMT } from '../../posix/mode.js'
import type { Draft } from '../../replica/namespace.js'
import type { Inode } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import {
  changedAt,
  checkMayCreate,
  checkName,
  directoryOf,
  type IntentBase,
  isDotName,
  linkMax,
  modifiedAt,
} from './checks.js'

export interface LinkIntent extends IntentBase {
  readonly kind: 'link'
  readonly ino: number
  readonly parent: number
  readonly name: Name
}

export function applyLink(intent: LinkIntent, draft: Draft): Inode {
  const { ino, parent, name, time } = intent
  const directory = newNameIn(intent, draft)
  const inode = draft.inode(ino)
  if (!inode) throw new FsError(Errno.ENOENT)
  if (isDirectory(inode)) throw new FsError(Errno.EPERM)
  if (inode.nlink >= linkMax) throw new FsError(Errno.EMLINK)
  const linked = { ...changedAt(inode, time), nlink: inode.nlink + 1, shared: true }
  draft.setInode(linked)
  draft.setInode(modifiedAt(directory, time))
  draft.link(parent, name, { ino, type: inode.mode & S_IFMT })
  return linked
}

/** The directory that gets a name which must not exist. */
export function newNameIn(
  intent: IntentBase & { readonly parent: number; readonly name: Name },
  draft: Draft,
): Inode {
  const { parent, name, as } = intent
  checkName(name)
  const directory = directoryOf(draft, parent, as)
  if (isDotName(name) || draft.lookup(parent, name)) throw new FsError(Errno.EEXIST)
  checkMayCreate(directory, as)
  return directory
}
