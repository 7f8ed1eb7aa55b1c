// Extended attributes (xattr(7)). A path that is a symbolic link means the link itself: import and
// export, who need these, never follow one.

import { Errno, FsError } from '../posix/errno.js'
import { check, cString, declare, descriptorPath, lastErrno } from './libc.js'

/** A path (bytes, or a string in UTF-8), or a descriptor, also one that was opened with O_PATH. */
export type XattrTarget = string | Uint8Array | number

type Get = (target: Buffer, name: Buffer, value: Uint8Array, size: number) => number
type Set = (target: Buffer, name: Buffer, value: Uint8Array, size: number, flags: number) => number
type List = (target: Buffer, names: Uint8Array, size: number) => number
type Remove = (target: Buffer, name: Buffer) => number

const lget = declare<Get>('long lgetxattr(void *, void *, void *, size_t)')
const followGet = declare<Get>('long getxattr(void *, void *, void *, size_t)')
const lset = declare<Set>('int lsetxattr(void *, void *, void *, size_t, int)')
const followSet = declare<Set>('int setxattr(void *, void *, void *, size_t, int)')
const llist = declare<List>('long llistxattr(void *, void *, size_t)')
const followList = declare<List>('long listxattr(void *, void *, size_t)')
const lremove = declare<Remove>('int lremovexattr(void *, void *)')
const followRemove = declare<Remove>('int removexattr(void *, void *)')

/** XATTR_SIZE_MAX and XATTR_LIST_MAX of linux/limits.h: nothing is larger. */
const XATTR_MAX = 65536

/** Of the call under way: most files have none, and a buffer of this size is costly to make. */
const listing = Buffer.allocUnsafe(XATTR_MAX)

/** Flags of setxattr(2). */
export const XattrFlag = { XATTR_CREATE: 1, XATTR_REPLACE: 2 } as const

function isOpen(target: XattrTarget): target is number {
  return typeof target === 'number'
}

/** An attribute's name: bytes, or a string in UTF-8. */
export type XattrName = string | Uint8Array

/** The attribute's value, or undefined when the file has none of that name. Throws FsError. */
export function getXattr(target: XattrTarget, name: XattrName): Buffer | undefined {
  const value = Buffer.allocUnsafe(XATTR_MAX)
  const size = isOpen(target)
    ? followGet(descriptorPath(target), cString(name), value, XATTR_MAX)
    : lget(cString(target), cString(name), value, XATTR_MAX)
  if (size >= 0) return Buffer.from(value.subarray(0, size))
  const errno = lastErrno()
  if (errno === Errno.ENODATA) return undefined
  throw new FsError(errno, `getxattr ${name}`)
}

/** Sets an attribute; `flags` are of XattrFlag. Throws FsError. */
export function setXattr(target: XattrTarget, name: XattrName, value: Uint8Array, flags = 0): void {
  const result = isOpen(target)
    ? followSet(descriptorPath(target), cString(name), value, value.length, flags)
    : lset(cString(target), cString(name), value, value.length, flags)
  check(result, `setxattr ${name}`)
}

/** Names of all attributes that the caller may see, in UTF-8, or as `encoding` says. Throws FsError. */
export function listXattrs(target: XattrTarget, encoding: 'utf8' | 'latin1' = 'utf8'): string[] {
  const result = isOpen(target)
    ? followList(descriptorPath(target), listing, XATTR_MAX)
    : llist(cString(target), listing, XATTR_MAX)
  const size = check(result, 'listxattr')
  return size === 0 ? [] : listing.toString(encoding, 0, size - 1).split('\0')
}

/** Removes an attribute; false when the file has none of that name. Throws FsError. */
export function removeXattr(target: XattrTarget, name: XattrName): boolean {
  const result = isOpen(target)
    ? followRemove(descriptorPath(target), cString(name))
    : lremove(cString(target), cString(name))
  if (result === 0) return true
  const errno = lastErrno()
  if (errno === Errno.ENODATA) return false
  throw new FsError(errno, `removexattr ${name}`)
}
