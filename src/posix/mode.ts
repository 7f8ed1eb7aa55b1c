// st_mode: file types and permission bits (sys/stat.h), and what POSIX asks of the set-id bits.

export const S_IFMT = 0o170000
export const S_IFSOCK = 0o140000
export const S_IFLNK = 0o120000
export const S_IFREG = 0o100000
export const S_IFBLK = 0o060000
export const S_IFDIR = 0o040000
export const S_IFCHR = 0o020000
export const S_IFIFO = 0o010000

export const S_ISUID = 0o4000
export const S_ISGID = 0o2000
export const S_ISVTX = 0o1000
export const S_IXGRP = 0o0010

/** All that chmod(2) can set. */
export const permissionBits = 0o7777

interface HasMode {
  readonly mode: number
}

export function isDirectory(inode: HasMode): boolean {
  return (inode.mode & S_IFMT) === S_IFDIR
}

export function isRegular(inode: HasMode): boolean {
  return (inode.mode & S_IFMT) === S_IFREG
}

export function isSymlink(inode: HasMode): boolean {
  return (inode.mode & S_IFMT) === S_IFLNK
}

/** The types that mknod(2) makes. */
export function isNode(mode: number): boolean {
  const type = mode & S_IFMT
  return (
    type === S_IFREG ||
    type === S_IFIFO ||
    type === S_IFSOCK ||
    type === S_IFCHR ||
    type === S_IFBLK
  )
}

/**
 * The bits that a write, a truncation or a change of owner takes from a mode, as in Linux: set-user-id,
 * and set-group-id where it means "run as that group" (without group execution it once meant mandatory
 * locking), or where the caller is known to be outside the file's group. Directories keep theirs.
 */
export function setIdBits(mode: number, outsideGroup: boolean): number {
  if ((mode & S_IFMT) === S_IFDIR) return 0
  return mode & (mode & S_IXGRP || outsideGroup ? S_ISUID | S_ISGID : S_ISUID)
}
