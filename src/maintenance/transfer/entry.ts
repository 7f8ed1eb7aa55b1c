// What is known of one file of a tree, wherever the tree is: a local folder, a volume, an archive.

import { S_IFBLK, S_IFCHR, S_IFMT, S_IFSOCK } from '../../posix/mode.js'
import type { Timespec, Xattrs } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'

/** Sizes in bytes, the rest as stat(2) has it. */
export interface Entry {
  /** S_IFMT and permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of a regular file; else 0. */
  readonly size: number
  readonly mtime: Timespec
  /** Undefined where it is not known: then mtime is taken. */
  readonly atime: Timespec | undefined
  /** Linux's 32-bit encoding; 0 but for devices. */
  readonly rdev: number
  /** Of a symbolic link, a byte string; else empty. */
  readonly target: Name
  readonly xattrs: Xattrs
  /** The same for all names of one file, different for different files of a tree; undefined: it has one name. */
  readonly identity: string | undefined
}

/** One that stands in a folder now. */
export interface PresentEntry extends Entry {
  /** Of this very file: another one that takes its name has another. */
  readonly fileId: string
  readonly ctime: Timespec
}

/** Bytes of a file at `offset`; what lies between two of them is a hole. Good until the next one is asked for. */
export interface Piece {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** Where a file has bytes; the rest is holes. */
export interface Extent {
  readonly offset: number
  readonly length: number
}

/** The bytes of a file that is being read. */
export interface Content {
  /** In ascending order. */
  pieces(): AsyncIterable<Piece>
  /** Where bytes are, in ascending order; known before they are read. */
  extents(): Promise<readonly Extent[]>
  /** After the last piece: it is not, or not any more, what `entry` told, or was then. */
  isChanged(entry: Entry): Promise<boolean>
  close(): Promise<void>
}

export const typeOf = ({ mode }: Pick<Entry, 'mode'>): number => mode & S_IFMT

export const isSocket = (entry: Pick<Entry, 'mode'>): boolean => typeOf(entry) === S_IFSOCK

export function isDevice(entry: Pick<Entry, 'mode'>): boolean {
  return typeOf(entry) === S_IFCHR || typeOf(entry) === S_IFBLK
}

export function sameTime(a: Timespec, b: Timespec): boolean {
  return a.sec === b.sec && a.nsec === b.nsec
}

/** Whether the bytes that were read are of another file, or of another time, than what was known of it. */
export function isOther(
  known: Entry | PresentEntry,
  now: Pick<PresentEntry, 'size' | 'mtime' | 'fileId'>,
): boolean {
  const { size, mtime } = known
  const isAnotherFile = 'fileId' in known && known.fileId !== now.fileId
  return isAnotherFile || size !== now.size || !sameTime(mtime, now.mtime)
}

/** Longest path in a tree, as PATH_MAX without its NUL. */
export const pathBytesMax = 4095
