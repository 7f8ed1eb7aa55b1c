// From inodes and names to records. The attributes of an inode with one name stand in the record of that
// name; those of a shared inode (and of the root) in a record of their own, to which its names point.

import { S_IFMT } from '../posix/mode.js'
import { type Hash, type Inode, namedHashes, rootIno } from '../volume/inode.js'
import { encodableBytes, encodeDirent, encodeInode } from '../volume/inode-codec.js'
import type { Name } from '../volume/name.js'
import { type Key, RecordKind, type VolumeRecord } from '../volume/record.js'
import type { Namespace } from './namespace.js'
import type { Touched } from './overlay.js'

/** One record as a step leaves it; `value` undefined: it goes. */
export interface RecordWrite extends Key {
  readonly value: Uint8Array | Later | undefined
}

/**
 * Encoded when its entry is made: a file that is made, written, and given its owner, mode and times is five
 * changes and one record. Only what surely can be encoded.
 */
export interface Later {
  /** At most. */
  readonly length: number
  encode(): Uint8Array
}

/** What an entry does to the records: one statement for each key. */
export interface RecordChanges {
  readonly puts: readonly VolumeRecord[]
  readonly deletes: readonly Key[]
}

export function encodedValue({ value }: RecordWrite): Uint8Array | undefined {
  return value && 'encode' in value ? value.encode() : value
}

/** The records of everything that a step touched, as `after` has them. */
export function recordWrites(
  after: Namespace,
  touched: Pick<Touched, 'inodes' | 'dirents'>,
): RecordWrite[] {
  const [one] = touched.inodes
  if (one && touched.inodes.size === 1 && touched.dirents.length === 0) {
    const write = onlyWrite(after, ...one)
    if (write) return [write]
  }
  const writes: RecordWrite[] = []
  const dirents = new Map<number, Set<Name>>()
  for (const { parent, name } of touched.dirents) add(dirents, parent, name)
  for (const [ino, before] of touched.inodes) {
    const inode = after.inode(ino)
    const own = inode?.shared || ino === rootIno
    const key = { kind: RecordKind.inode, parent: ino, name: '' }
    if (inode && own) writes.push({ ...key, value: laterOrNow(inode, () => encodeInode(inode)) })
    if (!inode && before?.shared) writes.push({ ...key, value: undefined })
    // Its names hold the attributes, or held them until now.
    if (inode && !(inode.shared && before?.shared))
      for (const { parent, name } of after.names(ino)) add(dirents, parent, name)
  }
  for (const [parent, names] of dirents)
    for (const name of names) writes.push(direntWrite(after, parent, name))
  return writes
}

/** Nearly all changes of attributes or content; undefined: it is more than the record of the one name. */
function onlyWrite(
  after: Namespace,
  ino: number,
  before: Inode | undefined,
): RecordWrite | undefined {
  const inode = after.inode(ino)
  if (!inode || inode.shared || before?.shared || ino === rootIno) return undefined
  const [place, ...others] = after.names(ino)
  return place && others.length === 0 ? direntWrite(after, place.parent, place.name) : undefined
}

/**
 * The final statement for each key of all writes, in order: the last one counts. All statements of a
 * Cassandra batch share one timestamp, and a DELETE beats an INSERT of the same key whichever came
 * first, so no key may appear twice.
 */
export function mergeWrites(writes: readonly RecordWrite[]): RecordChanges {
  const puts: VolumeRecord[] = []
  const deletes: Key[] = []
  for (const byParent of lastWrites(writes).values())
    for (const byName of byParent.values())
      for (const write of byName.values()) {
        const { kind, parent, name } = write
        const value = encodedValue(write)
        if (value) puts.push({ kind, parent, name, value })
        else deletes.push({ kind, parent, name })
      }
  return { puts, deletes }
}

type ByParent = Map<number, Map<Name, RecordWrite>>

/** By kind, parent and name: to make a string of each key would cost more than all else here. */
function lastWrites(writes: readonly RecordWrite[]): Map<RecordKind, ByParent> {
  const last = new Map<RecordKind, ByParent>()
  for (const write of writes) {
    const { kind, parent, name } = write
    const byParent: ByParent = last.get(kind) ?? new Map()
    const byName = byParent.get(parent) ?? new Map<Name, RecordWrite>()
    last.set(kind, byParent.set(parent, byName.set(name, write)))
  }
  return last
}

/** Hashes that inodes begin and cease to name between two states of them. */
export function namedHashChanges(
  inodes: Iterable<{ readonly before: Inode | undefined; readonly after: Inode | undefined }>,
): { begins: Hash[]; ceases: Hash[] } {
  const begins: Hash[] = []
  const ceases: Hash[] = []
  for (const { before, after } of inodes) {
    const old = before ? namedHashes(before) : []
    for (const hash of after ? namedHashes(after) : []) {
      const at = old.indexOf(hash)
      if (at < 0) begins.push(hash)
      else old.splice(at, 1)
    }
    ceases.push(...old)
  }
  return { begins, ceases }
}

function direntWrite(after: Namespace, parent: number, name: Name): RecordWrite {
  return { kind: RecordKind.dirent, parent, name, value: direntValue(after, parent, name) }
}

function direntValue(after: Namespace, parent: number, name: Name): RecordWrite['value'] {
  const dirent = after.lookup(parent, name)
  if (!dirent) return undefined
  const inode = after.inode(dirent.ino)
  const encode = () => encodeDirent(dirent, inode)
  // As encodeDirent asks: what is wrong must show now.
  const fits = inode?.ino === dirent.ino && (inode.mode & S_IFMT) === dirent.type
  return fits ? laterOrNow(inode, encode) : encode()
}

function laterOrNow(inode: Inode, encode: () => Uint8Array): Uint8Array | Later {
  const length = encodableBytes(inode)
  return length > 0 ? { length, encode } : encode()
}

function add(dirents: Map<number, Set<Name>>, parent: number, name: Name): void {
  const names = dirents.get(parent)
  if (names) names.add(name)
  else dirents.set(parent, new Set([name]))
}
