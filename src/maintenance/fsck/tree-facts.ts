// What the entries and inode records of a volume say together: the names of each inode, the directories with
// their places, and what cannot be told because a record cannot be read.

import { FormatError } from '../../volume/format-error.js'
import { type Inode, rootIno } from '../../volume/inode.js'
import {
  type DecodedDirent,
  decodeDirent,
  decodeInode,
  direntIno,
} from '../../volume/inode-codec.js'
import type { Name } from '../../volume/name.js'
import type { Report } from './finding.js'
import type { VolumeTree } from './volume-tree.js'

const typeMask = 0o170000
const directoryType = 0o040000

export interface Place {
  readonly parent: number
  readonly name: Name
}

export interface Directory extends Place {
  /** Undefined: its attributes cannot be read, or stand where a directory's do not. */
  readonly nlink: number | undefined
}

export class TreeFacts {
  readonly tree: VolumeTree
  /** How many names each inode has. */
  readonly names = new Map<number, number>()
  /** By inode, but for the root. */
  readonly directories = new Map<number, Directory>()
  /** Directories within each directory. */
  readonly subdirectories = new Map<number, number>()
  /** Further names of directories. */
  readonly doubles: { readonly ino: number; readonly place: Place }[] = []
  /** Something stands there that cannot be read, so what is said of these is not known. */
  readonly unreadableInodes = new Set<number>()
  readonly unreadableParents = new Set<number>()
  /** Entries of which not even the inode is known. */
  unknownInodes = 0

  constructor(tree: VolumeTree) {
    this.tree = tree
  }

  /** Some record could not be read: sums are not known. */
  get isPartial(): boolean {
    return this.unreadableInodes.size > 0 || this.unknownInodes > 0
  }

  /** From the root; from the last inode that is known where it hangs on nothing, or in a loop. */
  pathOf({ parent, name }: Place): Name {
    const names = [name]
    const seen = new Set<number>()
    let at = parent
    while (at !== rootIno && !seen.has(at)) {
      seen.add(at)
      const directory = this.directories.get(at)
      if (!directory) break
      names.push(directory.name)
      at = directory.parent
    }
    if (at !== rootIno) names.push(`<inode ${at}>`)
    else names.push('')
    return names.reverse().join('/')
  }

  /** Of a directory. */
  pathOfDirectory(ino: number): Name {
    const place = this.directories.get(ino)
    if (place) return this.pathOf(place)
    return ino === rootIno ? '/' : `<inode ${ino}>`
  }
}

/** Tells of every record that cannot be read. */
export function collectFacts(tree: VolumeTree, report: Report): TreeFacts {
  const facts = new TreeFacts(tree)
  const damaged: { readonly place: Place; readonly error: FormatError }[] = []
  for (const { parent, name, value } of tree.dirents()) {
    const place = { parent, name }
    const dirent = readable(() => decodeDirent(value))
    if (dirent instanceof FormatError) {
      noteUnreadable(facts, place, value)
      damaged.push({ place, error: dirent })
    } else noteDirent(facts, place, dirent)
  }
  for (const { place, error } of damaged)
    report.finding({ check: 'record', path: facts.pathOf(place), message: error.message })
  for (const { ino, value } of tree.inodes()) {
    const inode = readable(() => decodeInode(ino, value))
    if (!(inode instanceof FormatError)) continue
    facts.unreadableInodes.add(ino)
    report.finding({ check: 'record', message: `the record of inode ${ino}: ${inode.message}` })
  }
  return facts
}

/** Every inode whose attributes can be read, with one of its places: what it has bytes in. */
export function* inodesOf(facts: TreeFacts): Generator<{ inode: Inode; place: Place | undefined }> {
  const shared = new Map<number, Place>()
  for (const { parent, name, value } of facts.tree.dirents()) {
    const dirent = readable(() => decodeDirent(value))
    if (dirent instanceof FormatError) continue
    const place = { parent, name }
    if (dirent.inode) yield { inode: dirent.inode, place }
    else shared.set(dirent.ino, place)
  }
  for (const { ino, value } of facts.tree.inodes()) {
    const inode = readable(() => decodeInode(ino, value))
    if (!(inode instanceof FormatError)) yield { inode, place: shared.get(ino) }
  }
}

export function isDirectoryType(mode: number): boolean {
  return (mode & typeMask) === directoryType
}

export function addTo<K>(counts: Map<K, number>, key: K, more = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + more)
}

function noteDirent(facts: TreeFacts, place: Place, { ino, type, inode }: DecodedDirent): void {
  addTo(facts.names, ino)
  if (type !== directoryType) return
  addTo(facts.subdirectories, place.parent)
  if (facts.directories.has(ino) || ino === rootIno) facts.doubles.push({ ino, place })
  else facts.directories.set(ino, { ...place, nlink: inode?.nlink })
}

function noteUnreadable(facts: TreeFacts, place: Place, value: Buffer): void {
  facts.unreadableParents.add(place.parent)
  const ino = readable(() => direntIno(value))
  if (ino instanceof FormatError) facts.unknownInodes++
  else {
    addTo(facts.names, ino)
    facts.unreadableInodes.add(ino)
    // What stands below it, if it was a directory, has a path all the same.
    if (!facts.directories.has(ino)) facts.directories.set(ino, { ...place, nlink: undefined })
  }
}

function readable<T>(read: () => T): T | FormatError {
  try {
    return read()
  } catch (error) {
    if (error instanceof FormatError) return error
    throw error
  }
}
