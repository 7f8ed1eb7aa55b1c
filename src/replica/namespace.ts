// The namespace of a volume as POSIX thinks of it: inodes and names, whatever records they are packed
// in. A Namespace is read; a Draft is a namespace on which the checks of one intent run and which
// collects what it changes.

import type { Head } from '../volume/head.js'
import type { Dirent, Inode } from '../volume/inode.js'
import type { Name } from '../volume/name.js'

export interface NamedDirent extends Dirent {
  readonly name: Name
}

/** Where a name stands. */
export interface NamePlace {
  readonly parent: number
  readonly name: Name
}

export interface Namespace {
  readonly head: Head
  inode(ino: number): Inode | undefined
  lookup(parent: number, name: Name): Dirent | undefined
  /** Entries of a directory in name order behind `after`, at most `limit`. */
  list(parent: number, after: Name | undefined, limit: number): NamedDirent[]
  /** Every name of an inode, as far as they are loaded; one for a directory. */
  names(ino: number): readonly NamePlace[]
  /** The directory that holds this one; undefined for the root, and for one that was removed. */
  parentOf(directory: number): number | undefined
}

/**
 * A namespace being changed by one intent. Changes are seen by the following reads at once; all of an
 * intent's changes are dropped when its `apply` throws. Used bytes and inodes of the head follow by
 * themselves; a change that would raise them past a quota throws FsError EDQUOT.
 */
export interface Draft extends Namespace {
  /** Makes or replaces an inode. It needs a name (link) before the intent ends. */
  setInode(inode: Inode): void
  /**
   * Makes a name, or turns an existing one to another inode. Does not touch nlink or times: those of its directory
   * are always set along, which tells such a change from one of the inode behind the name.
   */
  link(parent: number, name: Name, dirent: Dirent): void
  unlink(parent: number, name: Name): void
  /** The inode goes (nlink 0): its names must have been unlinked. */
  removeInode(ino: number): void
}
