// A tar archive, one member after the other: what pax, GNU tar and older programs write. Every length is
// checked before it is believed; what is damaged ends the reading.

import { aclAccessName, aclDefaultName } from '../../../posix/acl.js'
import { Errno, FsError } from '../../../posix/errno.js'
import {
  permissionBits,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
} from '../../../posix/mode.js'
import type { Timespec, Xattrs } from '../../../volume/inode.js'
import type { Name } from '../../../volume/name.js'
import type { Entry, Extent, Piece } from '../entry.js'
import { travels } from '../folder.js'
import { aclFromText } from './acl-text.js'
import type { ByteSource } from './byte-source.js'
import { blockBytes, damaged, decodeHeader, type Header, paddingOf } from './header.js'
import {
  decodePax,
  decodeTime,
  decodeWhole,
  lastValues,
  type PaxRecord,
  xattrNameOf,
} from './pax.js'
import { checkMap, readOldMap, readPaxMap, type SparseFile } from './sparse-map.js'

export interface Member {
  /** As the archive has it: not checked. */
  readonly path: Name
  readonly entry: Entry
  /** The path of what it is one more name of. */
  readonly hardLink: Name | undefined
  /** Why it cannot be unpacked, though the archive can be read on. */
  readonly problem: Error | undefined
  /** How many bytes of the archive are its content; holes are none. */
  readonly storedBytes: number
  /** Its content, once; what is not taken is passed over. Good until the next one is asked for. */
  pieces(): AsyncGenerator<Piece>
}

const extendedBytesMax = 16 << 20
const globalBytesMax = 64 << 10
const pieceBytes = 1 << 20

const types: Readonly<Record<string, number>> = {
  '0': S_IFREG,
  '7': S_IFREG,
  S: S_IFREG,
  '1': S_IFREG,
  '2': S_IFLNK,
  '3': S_IFCHR,
  '4': S_IFBLK,
  '5': S_IFDIR,
  D: S_IFDIR,
  '6': S_IFIFO,
}

/** What headers before a member say of it. */
interface Announced {
  records: PaxRecord[]
  longName: Name | undefined
  longLink: Name | undefined
}

const nothing = (): Announced => ({ records: [], longName: undefined, longLink: undefined })

/**
 * The members in their order. Throws FsError EINVAL for what is damaged or cut short, and what the stream
 * throws. Answers whether the archive had its end mark.
 */
export async function* readArchive(source: ByteSource): AsyncGenerator<Member, boolean> {
  let announced = nothing()
  let global: PaxRecord[] = []
  for (;;) {
    const block = await source.exactly(blockBytes)
    if (block.length === 0) return false
    if (block.length < blockBytes) throw damaged('it ends in a header')
    const header = decodeHeader(block)
    if (!header) return true
    if (header.size < 0) throw damaged('a size below 0')
    if (header.type === 'g') global = withGlobal(global, decodePax(await extended(source, header)))
    else if (header.type === 'x') announced.records = decodePax(await extended(source, header))
    else if (header.type === 'L') announced.longName = cut(await extended(source, header))
    else if (header.type === 'K') announced.longLink = cut(await extended(source, header))
    else {
      announced.records = [...global, ...announced.records]
      yield* readMember(source, block, header, announced)
      announced = nothing()
    }
  }
}

/** They are looked at with every member: few. */
function withGlobal(before: readonly PaxRecord[], more: readonly PaxRecord[]): PaxRecord[] {
  const all = [...new Map([...before, ...more])]
  const bytes = all.reduce((sum, [keyword, value]) => sum + keyword.length + value.length, 0)
  if (bytes > globalBytesMax) throw damaged('global headers of more than 64 KiB')
  return all
}

async function extended(source: ByteSource, { size }: Header): Promise<Buffer> {
  if (size > extendedBytesMax) throw damaged('an extended header of more than 16 MiB')
  const bytes = await source.exactly(size)
  if (bytes.length < size || !(await source.skip(paddingOf(size))))
    throw damaged('it ends in an extended header')
  return bytes
}

function cut(bytes: Buffer): Name {
  const end = bytes.indexOf(0)
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end)
}

async function* readMember(
  source: ByteSource,
  block: Buffer,
  header: Header,
  announced: Announced,
): AsyncGenerator<Member> {
  // A label of the archive, or of a volume of it.
  if (header.type === 'V') return void (await skipBytes(source, header.size))
  const last = lastValues(announced.records)
  const stored = hasContent(header.type) ? decodedSize(last, header) : 0
  const start = source.offset
  const old = header.type === 'S' ? await readOldMap(source, block) : undefined
  const dataStart = old ? source.offset : start
  const sparse = old ?? (await readPaxMap(source, announced.records))
  if (sparse) checkMap(sparse, stored)
  const extents = sparse?.extents ?? (stored > 0 ? [{ offset: 0, length: stored }] : [])
  const content = new MemberContent(source, extents)
  const path = last.get('GNU.sparse.name') ?? last.get('path') ?? announced.longName ?? header.name
  const link = last.get('linkpath') ?? announced.longLink ?? header.linkName
  const described = describe(header, path, link, { last, sparse, stored })
  yield {
    path,
    ...described,
    hardLink: header.type === '1' ? link : undefined,
    storedBytes: stored - (sparse?.mapBytes ?? 0),
    pieces: () => content.pieces(),
  }
  const end = dataStart + stored + paddingOf(stored)
  await skipBytes(source, end - source.offset)
}

/** Links, folders and the like have none, whatever their size says. */
function hasContent(type: string): boolean {
  return !/[1-6]/.test(type)
}

async function skipBytes(source: ByteSource, length: number): Promise<void> {
  if (!(await source.skip(length))) throw damaged('it ends in the content of a file')
}

function decodedSize(last: ReadonlyMap<Name, Name>, { size }: Header): number {
  const told = last.get('size')
  return told === undefined ? size : decodeWhole(told)
}

interface Known {
  readonly last: ReadonlyMap<Name, Name>
  readonly sparse: SparseFile | undefined
  readonly stored: number
}

function describe(
  header: Header,
  path: Name,
  link: Name,
  { last, sparse, stored }: Known,
): Pick<Member, 'entry' | 'problem'> {
  const number = (keyword: Name, told: number) => {
    const value = last.get(keyword)
    return value === undefined ? told : decodeWhole(value)
  }
  const isOldFolder = header.type === '0' && path.endsWith('/')
  const type = isOldFolder ? S_IFDIR : types[header.type]
  const mtime = last.get('mtime')
  const atime = last.get('atime')
  const { xattrs, problem } = readXattrs(last)
  const entry: Entry = {
    mode: (type ?? S_IFREG) | (header.mode & permissionBits),
    uid: number('uid', header.uid),
    gid: number('gid', header.gid),
    size: type === S_IFREG ? (sparse?.size ?? stored) : 0,
    mtime: mtime === undefined ? wholeSeconds(header.mtime) : decodeTime(mtime),
    atime: atime === undefined ? undefined : decodeTime(atime),
    rdev: type === S_IFCHR || type === S_IFBLK ? deviceOf(header) : 0,
    target: type === S_IFLNK ? link : '',
    xattrs,
    identity: undefined,
  }
  const unknown =
    type === undefined
      ? new FsError(Errno.EOPNOTSUPP, `a member of the type "${header.type}"`)
      : undefined
  return { entry, problem: unknown ?? outOfRange(entry) ?? problem }
}

/** -1 is no owner: chown(2) takes it for none given. */
const idMax = 2 ** 32 - 2
/** What an inode of a volume has room for. */
const secondsMax = 2 ** 50

function outOfRange({ uid, gid, mtime, atime }: Entry): FsError | undefined {
  for (const id of [uid, gid])
    if (id < 0 || id > idMax) return new FsError(Errno.EINVAL, `nobody has the number ${id}`)
  for (const time of [mtime, atime])
    if (time && Math.abs(time.sec) > secondsMax)
      return new FsError(Errno.EINVAL, `a time of ${time.sec} seconds`)
  return undefined
}

function wholeSeconds(sec: number): Timespec {
  return { sec, nsec: 0 }
}

/** As the kernel packs them into 32 bits. */
function deviceOf({ major, minor }: Header): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12)) >>> 0
}

const aclKeywords = [
  ['SCHILY.acl.access', aclAccessName],
  ['SCHILY.acl.default', aclDefaultName],
] as const

/** The ACL as an attribute has the numbers; its text may have names. */
function readXattrs(last: ReadonlyMap<Name, Name>): {
  xattrs: Xattrs
  problem: Error | undefined
} {
  const xattrs = new Map<Name, Uint8Array>()
  for (const [keyword, value] of last) {
    const name = xattrNameOf(keyword)
    if (name !== undefined && travels(name, true)) xattrs.set(name, Buffer.from(value, 'latin1'))
  }
  try {
    for (const [keyword, name] of aclKeywords) {
      const text = last.get(keyword)
      if (text === undefined || xattrs.has(name)) continue
      const acl = aclFromText(Buffer.from(text, 'latin1').toString())
      if (acl.length > emptyAclBytes) xattrs.set(name, acl)
    }
    return { xattrs: withoutPlain(xattrs), problem: undefined }
  } catch (error) {
    return { xattrs, problem: error as Error }
  }
}

const emptyAclBytes = 4
/** Owner, group and others: what the mode says. */
const plainAclBytes = 4 + 3 * 8

function withoutPlain(xattrs: Map<Name, Uint8Array>): Xattrs {
  if (xattrs.get(aclAccessName)?.length === plainAclBytes) xattrs.delete(aclAccessName)
  return xattrs
}

class MemberContent {
  readonly #source: ByteSource
  readonly #extents: readonly Extent[]
  #isTaken = false

  constructor(source: ByteSource, extents: readonly Extent[]) {
    this.#source = source
    this.#extents = extents
  }

  async *pieces(): AsyncGenerator<Piece> {
    if (this.#isTaken) throw new FsError(Errno.EIO, 'a member of an archive is read once')
    this.#isTaken = true
    for (const { offset, length } of this.#extents)
      for (let at = 0; at < length; ) {
        const bytes = await this.#source.some(Math.min(pieceBytes, length - at))
        if (!bytes) throw damaged('it ends in the content of a file')
        yield { offset: offset + at, bytes }
        at += bytes.length
      }
  }
}
