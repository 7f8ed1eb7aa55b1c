// Changes laid over a namespace: what intents did to it that is not committed yet. It is the Draft that
// `Rules.apply` works on. Each intent is one step: `begin`, its changes, then `end`, or `rollback` when
// it failed. It knows inodes and names; which records they become is in records.ts.

import { Errno, FsError } from '../posix/errno.js'
import type { Head } from '../volume/head.js'
import { type Dirent, type Inode, rootIno } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import { mergeListing } from './merge-listing.js'
import type { Draft, NamedDirent, NamePlace, Namespace } from './namespace.js'

/** What one step touched, and how it was before the step. */
export interface Touched {
  readonly inodes: ReadonlyMap<number, Inode | undefined>
  readonly dirents: readonly TouchedName[]
  /** How much more is used after it. */
  readonly added: Usage
}

export interface TouchedName extends NamePlace {
  /** The inode that it meant before; 0: none. */
  readonly before: number
}

export interface Usage {
  readonly bytes: number
  readonly inodes: number
}

type Undo = () => void

const noNames: readonly NamePlace[] = []

const S_IFMT = 0o170000
const S_IFREG = 0o100000

/** Bytes that an inode counts for in the head's used bytes: the size of a regular file. */
export function usedBytes(inode: Inode | undefined): number {
  return inode && (inode.mode & S_IFMT) === S_IFREG ? inode.size : 0
}

export function withUsage(head: Head, { bytes, inodes }: Usage): Head {
  return {
    ...head,
    usedBytes: Math.max(0, head.usedBytes + bytes),
    usedInodes: Math.max(0, head.usedInodes + inodes),
  }
}

export class Overlay implements Draft {
  readonly #base: Namespace
  readonly #inodes = new Map<number, Inode | null>()
  readonly #dirents = new Map<number, Map<Name, Dirent | null>>()
  readonly #names = new Map<number, readonly NamePlace[]>()
  #bytesAdded = 0
  #inodesAdded = 0
  #bytesAtBegin = 0
  #inodesAtBegin = 0
  #undo: Undo[] = []
  #touchedInodes = new Map<number, Inode | undefined>()
  #touchedDirents: TouchedName[] = []
  #touchedCount = 0
  /** What the namespace beneath answered in this step: nothing moves it meanwhile. */
  readonly #baseInodes = new Map<number, Inode | undefined>()
  readonly #baseNames = new Map<number, readonly NamePlace[]>()
  #inStep = false

  constructor(base: Namespace) {
    this.#base = base
  }

  get head(): Head {
    return withUsage(this.#base.head, this.added)
  }

  /** How much more is used than in the namespace beneath. */
  get added(): Usage {
    return { bytes: this.#bytesAdded, inodes: this.#inodesAdded }
  }

  /** Inodes and names touched by all steps together, each as often as it was. */
  get touchedCount(): number {
    return this.#touchedCount
  }

  /** What is committed now counts in the namespace beneath. */
  forget(added: Usage): void {
    this.#count(-added.bytes, -added.inodes)
  }

  inode(ino: number): Inode | undefined {
    const own = this.#inodes.get(ino)
    return own === undefined ? this.#baseInode(ino) : (own ?? undefined)
  }

  lookup(parent: number, name: Name): Dirent | undefined {
    const own = this.#dirents.get(parent)?.get(name)
    return own === undefined ? this.#base.lookup(parent, name) : (own ?? undefined)
  }

  list(parent: number, after: Name | undefined, limit: number): NamedDirent[] {
    const own = this.#dirents.get(parent)
    if (!own) return this.#base.list(parent, after, limit)
    return mergeListing(this.#base, own, parent, after, limit)
  }

  names(ino: number): readonly NamePlace[] {
    return this.#names.get(ino) ?? this.#namesBeneath(ino)
  }

  parentOf(directory: number): number | undefined {
    const own = this.#names.get(directory)
    return own ? own[0]?.parent : this.#base.parentOf(directory)
  }

  setInode(inode: Inode): void {
    const before = this.inode(inode.ino)
    this.#count(usedBytes(inode) - usedBytes(before), before ? 0 : 1)
    this.#putInode(inode.ino, inode, before)
  }

  removeInode(ino: number): void {
    const before = this.inode(ino)
    if (!before) throw new Error(`inode ${ino} is removed, but there is none`)
    this.#count(-usedBytes(before), -1)
    this.#putInode(ino, null, before)
  }

  link(parent: number, name: Name, dirent: Dirent): void {
    const before = this.lookup(parent, name)
    if (before) this.#dropName(before.ino, parent, name)
    this.#putDirent(parent, name, dirent, before?.ino ?? 0)
    this.#putNames(dirent.ino, [...this.names(dirent.ino), { parent, name }])
  }

  unlink(parent: number, name: Name): void {
    const before = this.lookup(parent, name)
    if (!before) throw new FsError(Errno.ENOENT, `no name to remove in inode ${parent}`)
    this.#dropName(before.ino, parent, name)
    this.#putDirent(parent, name, null, before.ino)
  }

  /** Starts a step. */
  begin(): void {
    this.#endStep()
    this.#inStep = true
    this.#undo = []
    this.#touchedInodes = new Map()
    this.#touchedDirents = []
    this.#bytesAtBegin = this.#bytesAdded
    this.#inodesAtBegin = this.#inodesAdded
  }

  /** Ends a step and tells what it touched. Throws (the step is to be rolled back) EDQUOT. */
  end(): Touched {
    return this.endWith((touched) => touched)
  }

  /** As `end`; what `look` reads here has been read for the step already, for the most part. */
  endWith<T>(look: (touched: Touched) => T): T {
    this.#checkQuota()
    this.#checkWhole()
    const bytes = this.#bytesAdded - this.#bytesAtBegin
    const inodes = this.#inodesAdded - this.#inodesAtBegin
    const seen = look({
      inodes: this.#touchedInodes,
      dirents: this.#touchedDirents,
      added: { bytes, inodes },
    })
    this.#touchedCount += this.#touchedInodes.size + this.#touchedDirents.length
    this.#endStep()
    return seen
  }

  /** Takes back what was done since `begin`. */
  rollback(): void {
    this.#endStep()
    for (let undo = this.#undo.pop(); undo; undo = this.#undo.pop()) undo()
    this.#bytesAdded = this.#bytesAtBegin
    this.#inodesAdded = this.#inodesAtBegin
  }

  #endStep(): void {
    this.#inStep = false
    this.#baseInodes.clear()
    this.#baseNames.clear()
  }

  #baseInode(ino: number): Inode | undefined {
    if (!this.#inStep) return this.#base.inode(ino)
    let inode = this.#baseInodes.get(ino)
    if (inode || this.#baseInodes.has(ino)) return inode
    inode = this.#base.inode(ino)
    this.#baseInodes.set(ino, inode)
    // One that does not exist has no names: a new one is asked for several times.
    if (!inode) this.#baseNames.set(ino, noNames)
    return inode
  }

  #namesBeneath(ino: number): readonly NamePlace[] {
    if (!this.#inStep) return this.#base.names(ino)
    let names = this.#baseNames.get(ino)
    if (names) return names
    names = this.#base.names(ino)
    this.#baseNames.set(ino, names)
    return names
  }

  #checkQuota(): void {
    const { usedBytes, usedInodes, quotaBytes, quotaInodes } = this.#base.head
    const bytesGrow = this.#bytesAdded > this.#bytesAtBegin
    if (quotaBytes > 0 && bytesGrow && usedBytes + this.#bytesAdded > quotaBytes)
      throw new FsError(Errno.EDQUOT, `the volume's quota of ${quotaBytes} bytes is used up`)
    const inodesGrow = this.#inodesAdded > this.#inodesAtBegin
    if (quotaInodes > 0 && inodesGrow && usedInodes + this.#inodesAdded > quotaInodes)
      throw new FsError(Errno.EDQUOT, `the volume's quota of ${quotaInodes} inodes is used up`)
  }

  /** A step must leave a namespace in which names and inodes fit; else the rules are at fault. */
  #checkWhole(): void {
    for (const [ino, before] of this.#touchedInodes) {
      const inode = this.inode(ino)
      const named = ino === rootIno || this.names(ino).length > 0
      // One with several names may have more than are loaded: for those nlink counts.
      if (inode && !named && !inode.shared) throw new Error(`inode ${ino} is left without a name`)
      if (!inode && named) throw new Error(`inode ${ino} is removed, but still has a name`)
      if (before?.shared && inode && !inode.shared)
        throw new Error(`inode ${ino} cannot go back into its directory entry`)
    }
    for (const { parent, name } of this.#touchedDirents) {
      const dirent = this.lookup(parent, name)
      if (dirent && !this.inode(dirent.ino))
        throw new Error(`a name is left for inode ${dirent.ino}, which does not exist`)
    }
  }

  #count(bytes: number, inodes: number): void {
    this.#bytesAdded += bytes
    this.#inodesAdded += inodes
  }

  #dropName(ino: number, parent: number, name: Name): void {
    // Whoever has one name needs no search for the others.
    const isOnly = !this.#names.has(ino) && this.inode(ino)?.shared === false
    const names = isOnly ? noNames : this.names(ino)
    this.#putNames(
      ino,
      names.filter((place) => place.name !== name || place.parent !== parent),
    )
    // Its last name: the step must remove the inode too, which `end` looks at.
    if (!this.#touchedInodes.has(ino)) this.#touchedInodes.set(ino, this.inode(ino))
  }

  #putInode(ino: number, inode: Inode | null, before: Inode | undefined): void {
    if (!this.#touchedInodes.has(ino)) this.#touchedInodes.set(ino, before)
    this.#put(this.#inodes, ino, inode)
  }

  #putNames(ino: number, names: readonly NamePlace[]): void {
    this.#put(this.#names, ino, names)
  }

  #putDirent(parent: number, name: Name, dirent: Dirent | null, before: number): void {
    let names = this.#dirents.get(parent)
    if (!names) {
      names = new Map()
      this.#dirents.set(parent, names)
    }
    this.#touchedDirents.push({ parent, name, before })
    this.#put(names, name, dirent)
  }

  #put<K, V>(map: Map<K, V>, key: K, value: V): void {
    const before = map.get(key)
    this.#undo.push(() => {
      if (before === undefined) map.delete(key)
      else map.set(key, before)
    })
    map.set(key, value)
  }
}
