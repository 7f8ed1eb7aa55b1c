// POSIX access control lists (acl(5), the withdrawn POSIX.1e draft 17) as Linux keeps them in the
// attributes system.posix_acl_access and system.posix_acl_default: version 2, then entries of tag,
// permissions and id, little-endian (linux/posix_acl_xattr.h). Pure: bytes, entries and mode bits.

import { Errno, FsError } from './errno.js'
import type { Credentials, Guarded } from './permission.js'

export const aclAccessName = 'system.posix_acl_access'
export const aclDefaultName = 'system.posix_acl_default'

const Tag = { userObj: 1, user: 2, groupObj: 4, group: 8, mask: 16, other: 32 } as const
const undefinedId = 0xffff_ffff
const version = 2
const headerBytes = 4
const entryBytes = 8

export interface AclEntry {
  readonly tag: number
  /** rwx, 0-7. */
  readonly permissions: number
  /** User or group of a named entry; undefinedId for the others. */
  readonly id: number
}

/** Entries in their canonical order: owner, users by id, group, groups by id, mask, other. */
export type Acl = readonly AclEntry[]

/** Undefined for an empty list (which removes the ACL). Throws EINVAL, EOPNOTSUPP for another version. */
export function decodeAcl(value: Uint8Array): Acl | undefined {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (bytes.length === 0) return undefined
  if (bytes.length < headerBytes) throw new FsError(Errno.EINVAL, 'an ACL without a header')
  if (bytes.readUInt32LE(0) !== version) throw new FsError(Errno.EOPNOTSUPP, 'ACL version')
  if ((bytes.length - headerBytes) % entryBytes !== 0)
    throw new FsError(Errno.EINVAL, 'an ACL cut short')
  const acl: AclEntry[] = []
  for (let at = headerBytes; at < bytes.length; at += entryBytes)
    acl.push({
      tag: bytes.readUInt16LE(at),
      permissions: bytes.readUInt16LE(at + 2),
      id: bytes.readUInt32LE(at + 4),
    })
  if (acl.length === 0) return undefined
  checkAcl(acl)
  return acl
}

export function encodeAcl(acl: Acl): Uint8Array {
  const bytes = Buffer.alloc(headerBytes + acl.length * entryBytes)
  bytes.writeUInt32LE(version, 0)
  acl.forEach(({ tag, permissions, id }, index) => {
    const at = headerBytes + index * entryBytes
    bytes.writeUInt16LE(tag, at)
    bytes.writeUInt16LE(permissions, at + 2)
    bytes.writeUInt32LE(id, at + 4)
  })
  return bytes
}

/** As acl_valid(3): each base entry once, named ones once per id, a mask where there are named ones. */
function checkAcl(acl: Acl): void {
  let last: AclEntry | undefined
  const seen = new Map<number, number>()
  for (const entry of acl) {
    const named = entry.tag === Tag.user || entry.tag === Tag.group
    const known = (Object.values(Tag) as number[]).includes(entry.tag)
    if (!known || entry.permissions > 7) throw new FsError(Errno.EINVAL, 'ACL entry')
    if (last && entry.tag < last.tag) throw new FsError(Errno.EINVAL, 'ACL out of order')
    if (last?.tag === entry.tag && (!named || last.id === entry.id))
      throw new FsError(Errno.EINVAL, 'ACL entry twice')
    seen.set(entry.tag, (seen.get(entry.tag) ?? 0) + 1)
    last = entry
  }
  const named = seen.has(Tag.user) || seen.has(Tag.group)
  const complete = seen.has(Tag.userObj) && seen.has(Tag.groupObj) && seen.has(Tag.other)
  if (!complete || (named && !seen.has(Tag.mask))) throw new FsError(Errno.EINVAL, 'ACL incomplete')
}

function permissionsOf(acl: Acl, tag: number): number | undefined {
  return acl.find((entry) => entry.tag === tag)?.permissions
}

/** The nine permission bits that an access ACL stands for: the mask shows as the group's. */
export function aclMode(acl: Acl): number {
  const group = permissionsOf(acl, Tag.mask) ?? permissionsOf(acl, Tag.groupObj) ?? 0
  const owner = permissionsOf(acl, Tag.userObj) ?? 0
  return (owner << 6) | (group << 3) | (permissionsOf(acl, Tag.other) ?? 0)
}

/** Says no more than mode bits do: then no attribute is kept. */
export function aclIsMode(acl: Acl): boolean {
  return acl.length === 3
}

/** chmod(2) on a file with an access ACL: the group bits are the mask's where there is one. */
export function aclWithMode(acl: Acl, mode: number): Acl {
  const masked = acl.some((entry) => entry.tag === Tag.mask)
  return acl.map((entry) => {
    if (entry.tag === Tag.userObj) return { ...entry, permissions: (mode >> 6) & 7 }
    if (entry.tag === Tag.other) return { ...entry, permissions: mode & 7 }
    const group = entry.tag === (masked ? Tag.mask : Tag.groupObj)
    return group ? { ...entry, permissions: (mode >> 3) & 7 } : entry
  })
}

/** The access ACL of what is created with `mode` under a default ACL: nothing that `mode` lacks. */
export function aclInherited(defaultAcl: Acl, mode: number): { acl: Acl; mode: number } {
  const masked = mode & aclMode(defaultAcl)
  return { acl: aclWithMode(defaultAcl, masked), mode: (mode & ~0o777) | masked }
}

/** The check of acl(5), "Access check algorithm". Not asked for root. */
export function aclAllows(
  acl: Acl,
  credentials: Credentials,
  inode: Guarded,
  mask: number,
): boolean {
  const limit = permissionsOf(acl, Tag.mask) ?? 7
  const grants = (permissions: number) => (permissions & mask) === mask
  if (credentials.uid === inode.uid) return grants(permissionsOf(acl, Tag.userObj) ?? 0)
  const user = acl.find(({ tag, id }) => tag === Tag.user && id === credentials.uid)
  if (user) return grants(user.permissions & limit)
  let member = false
  for (const { tag, id, permissions } of acl) {
    const gid = tag === Tag.groupObj ? inode.gid : tag === Tag.group ? id : undefinedId
    if (gid === undefinedId) continue
    if (credentials.gid !== gid && !credentials.groups?.includes(gid)) continue
    member = true
    if (grants(permissions & limit)) return true
  }
  return !member && grants(permissionsOf(acl, Tag.other) ?? 0)
}
