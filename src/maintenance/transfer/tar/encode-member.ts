// What stands before a member's bytes in an archive that we write: an extended header (pax) with what a
// plain one has no room for, and the plain one.

import { aclAccessName, aclDefaultName } from '../../../posix/acl.js'
import {
  isDirectory,
  isRegular,
  permissionBits,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  S_IFLNK,
} from '../../../posix/mode.js'
import type { Name } from '../../../volume/name.js'
import { type Entry, type Extent, isDevice, typeOf } from '../entry.js'
import { aclToText } from './acl-text.js'
import { blockBytes, encodeHeader, fits, paddingOf } from './header.js'
import { encodePax, encodeTime, type PaxRecord, xattrKeyword } from './pax.js'
import { encodeMap } from './sparse-map.js'

export interface MemberFacts {
  /** Relative, without a slash at its end. */
  readonly path: Name
  readonly entry: Entry
  /** The path of an earlier member that this is one more name of. */
  readonly hardLink?: Name | undefined
  /** Of a regular file: where it has bytes. */
  readonly extents: readonly Extent[]
}

/** All that comes before the bytes of the extents; what follows them is filled up to a whole block. */
export function encodeMember(facts: MemberFacts): { head: Buffer; storedBytes: number } {
  const { entry, hardLink } = facts
  const bytes = facts.extents.reduce((sum, { length }) => sum + length, 0)
  const isSparse = hardLink === undefined && isRegular(entry) && bytes < entry.size
  const map = isSparse ? encodeMap(facts.extents, entry.size) : Buffer.alloc(0)
  const path = isDirectory(entry) ? `${facts.path}/` : facts.path
  const size = map.length + bytes
  const name = isSparse ? `GNUSparseFile.0/${path.slice(path.lastIndexOf('/') + 1)}` : path
  const link = hardLink ?? entry.target
  const records = [
    ...(isSparse ? sparseRecords(path, entry.size) : []),
    ...(!isSparse && !fits.name(path) ? [['path', path] as const] : []),
    ...(fits.name(link) ? [] : [['linkpath', link] as const]),
    ...attributeRecords(entry, size),
  ]
  const header = encodeHeader({
    name,
    mode: entry.mode & permissionBits,
    uid: entry.uid,
    gid: entry.gid,
    size,
    mtime: Math.max(0, entry.mtime.sec),
    type: hardLink === undefined ? letterOf(entry) : '1',
    linkName: link,
    ...device(entry),
  })
  return { head: Buffer.concat([extendedHeader(path, records), header, map]), storedBytes: bytes }
}

function sparseRecords(path: Name, size: number): PaxRecord[] {
  return [
    ['GNU.sparse.major', '1'],
    ['GNU.sparse.minor', '0'],
    ['GNU.sparse.name', path],
    ['GNU.sparse.realsize', String(size)],
  ]
}

function attributeRecords({ uid, gid, mtime, atime, xattrs }: Entry, size: number): PaxRecord[] {
  const records: PaxRecord[] = []
  if (!fits.id(uid)) records.push(['uid', String(uid)])
  if (!fits.id(gid)) records.push(['gid', String(gid)])
  if (!fits.size(size)) records.push(['size', String(size)])
  if (mtime.nsec !== 0 || !fits.time(mtime.sec)) records.push(['mtime', encodeTime(mtime)])
  if (atime) records.push(['atime', encodeTime(atime)])
  for (const [name, value] of xattrs) {
    if (name === aclAccessName) records.push(['SCHILY.acl.access', aclToText(value)])
    else if (name === aclDefaultName) records.push(['SCHILY.acl.default', aclToText(value)])
    else records.push([xattrKeyword(name), Buffer.from(value).toString('latin1')])
  }
  return records
}

function extendedHeader(path: Name, records: readonly PaxRecord[]): Buffer {
  if (records.length === 0) return Buffer.alloc(0)
  const bytes = encodePax(records)
  const header = encodeHeader({
    name: `PaxHeaders/${path.slice(-80)}`,
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: bytes.length,
    mtime: 0,
    type: 'x',
    linkName: '',
    major: 0,
    minor: 0,
  })
  return Buffer.concat([header, bytes, Buffer.alloc(paddingOf(bytes.length))])
}

function letterOf(entry: Entry): string {
  if (isDirectory(entry)) return '5'
  const letters = new Map([
    [S_IFLNK, '2'],
    [S_IFCHR, '3'],
    [S_IFBLK, '4'],
    [S_IFIFO, '6'],
  ])
  return letters.get(typeOf(entry)) ?? '0'
}

function device(entry: Entry): { major: number; minor: number } {
  if (!isDevice(entry)) return { major: 0, minor: 0 }
  const { rdev } = entry
  return { major: (rdev >>> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) }
}

/** Two blocks of zeros, and as many as fill a record of 20 blocks with what was written. */
export function endOfArchive(written: number): Buffer {
  const record = 20 * blockBytes
  const end = 2 * blockBytes
  return Buffer.alloc(end + ((record - ((written + end) % record)) % record))
}
