// Whether what is there is what is to be there.

import { isRegular, isSymlink, permissionBits } from '../../posix/mode.js'
import type { Name } from '../../volume/name.js'
import { type Content, type Entry, sameTime, typeOf } from './entry.js'
import { travels } from './folder.js'

/** `same`: nothing is to be done; `attributes`: its content is right. */
export type Difference = 'same' | 'attributes' | 'content'

/** Without the bytes: whoever wants these compared asks `sameBytes`. */
export function sameContent(entry: Entry, existing: Entry): boolean {
  if (typeOf(entry) !== typeOf(existing)) return false
  if (isSymlink(entry)) return entry.target === existing.target
  if (isRegular(entry)) return entry.size === existing.size && sameTime(entry.mtime, existing.mtime)
  return entry.rdev === existing.rdev
}

export function sameAttributes(entry: Entry, existing: Entry, isPrivileged: boolean): boolean {
  if (!sameTime(entry.mtime, existing.mtime)) return false
  if (isPrivileged && (entry.uid !== existing.uid || entry.gid !== existing.gid)) return false
  if (!isSymlink(entry) && givenMode(entry, isPrivileged) !== (existing.mode & permissionBits))
    return false
  const wanted = [...entry.xattrs].filter(([name]) => travels(name, isPrivileged))
  const present = [...existing.xattrs.keys()].filter((name) => travels(name, isPrivileged))
  return wanted.length === present.length && wanted.every((each) => has(existing, each))
}

function has({ xattrs }: Entry, [name, value]: [Name, Uint8Array]): boolean {
  const present = xattrs.get(name)
  return present !== undefined && Buffer.compare(present, value) === 0
}

/** The permission bits that a copy gets: set-id bits of somebody else's file must not become the caller's. */
export function givenMode({ mode, uid }: Entry, isPrivileged: boolean): number {
  return mode & (isPrivileged || uid === process.geteuid?.() ? permissionBits : 0o1777)
}

/**
 * What somebody else made, of the same size and time, must not get set-id bits or capabilities with the bytes
 * that it has: then these are written, too.
 */
export function gainsRights(entry: Entry, existing: Entry): boolean {
  if (!isRegular(entry)) return false
  const isSameOwner = entry.uid === existing.uid && entry.gid === existing.gid
  const hasSetId = (entry.mode & setIdBits) !== 0
  return (hasSetId && !isSameOwner) || (entry.xattrs.has(capabilityName) && existing.uid !== 0)
}

const setIdBits = 0o6000
const capabilityName = 'security.capability'

const zeros = Buffer.alloc(1 << 20)

/** Whether two files of `size` bytes have the same; holes are zeros. Does not close them. */
export async function sameBytes(one: Content, other: Content, size: number): Promise<boolean> {
  const [a, b] = [filled(one, size), filled(other, size)]
  try {
    let [here, there] = [await next(a), await next(b)]
    while (here && there) {
      const length = Math.min(here.length, there.length)
      if (Buffer.compare(here.subarray(0, length), there.subarray(0, length)) !== 0) return false
      here = length < here.length ? here.subarray(length) : await next(a)
      there = length < there.length ? there.subarray(length) : await next(b)
    }
    return !here && !there
  } finally {
    await a.return(undefined)
    await b.return(undefined)
  }
}

async function next(bytes: AsyncGenerator<Uint8Array>): Promise<Uint8Array | undefined> {
  const { value, done } = await bytes.next()
  return done ? undefined : value
}

async function* filled(content: Content, size: number): AsyncGenerator<Uint8Array, undefined> {
  let at = 0
  function* hole(end: number) {
    for (; at < end; at += Math.min(zeros.length, end - at))
      yield zeros.subarray(0, Math.min(zeros.length, end - at))
  }
  for await (const { offset, bytes } of content.pieces()) {
    yield* hole(offset)
    if (bytes.length > 0) yield bytes
    at = offset + bytes.length
  }
  yield* hole(size)
  return undefined
}
