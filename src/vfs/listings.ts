// Directory listings in readdir's order, kept while they are being read. A listing that begins is as
// new as its directory; one that goes on may be older than the directory, so that reading and removing
// a large one in turn does not sort it again each time: entries are then looked up one by one.

import type { NamedDirent, Namespace } from '../replica/namespace.js'
import { compareTimes } from '../volume/clock.js'
import type { Dirent, Inode } from '../volume/inode.js'
import {
  firstBehind,
  type NameHash,
  type Ordered,
  offsetBehind,
  orderEntries,
} from './readdir-order.js'
import type { DirectoryEntry } from './vfs.js'

interface Listing extends Ordered<NamedDirent> {
  /** The directory's ctime when it was read: every change of its entries moves that. */
  readonly asOf: Inode['ctime']
}

/** Entries kept over all listings, each of which counts for some; the oldest go first. */
const entriesMax = 300_000
const entriesEach = 100
const pageEntries = 10_000

export class Listings {
  readonly #namespace: Namespace
  readonly #hash: NameHash
  /** By directory; the latest used last. */
  readonly #listings = new Map<number, Listing>()
  #entries = 0

  constructor(namespace: Namespace, hash: NameHash) {
    this.#namespace = namespace
    this.#hash = hash
  }

  get size(): number {
    return this.#listings.size
  }

  /** Gives the entries behind `offset` to `add` until it answers false; "." and ".." are not among them. */
  read(
    directory: Inode,
    offset: number,
    fromStart: boolean,
    add: (entry: DirectoryEntry) => boolean,
  ): void {
    const listing = this.#listing(directory, fromStart)
    const fresh = compareTimes(listing.asOf, directory.ctime) === 0
    const { hashes, entries } = listing
    for (let index = firstBehind(hashes, offset); index < entries.length; index++) {
      const { name, ino, type } = entries[index] as NamedDirent
      const present: Dirent | undefined = fresh
        ? { ino, type }
        : this.#namespace.lookup(directory.ino, name)
      if (!present) continue
      const behind = offsetBehind(hashes, index)
      if (!add({ name, ino: present.ino, type: present.type, offset: behind })) return
    }
  }

  drop(directory: number): void {
    const listing = this.#listings.get(directory)
    if (!listing) return
    this.#entries -= listing.entries.length + entriesEach
    this.#listings.delete(directory)
  }

  clear(): void {
    this.#listings.clear()
    this.#entries = 0
  }

  #listing(directory: Inode, fromStart: boolean): Listing {
    const { ino } = directory
    const kept = this.#listings.get(ino)
    const usable = kept && (!fromStart || compareTimes(kept.asOf, directory.ctime) === 0)
    this.drop(ino)
    const listing = usable ? kept : this.#readAll(directory)
    this.#listings.set(ino, listing)
    this.#entries += listing.entries.length + entriesEach
    this.#shrink(ino)
    return listing
  }

  #readAll(directory: Inode): Listing {
    const all: NamedDirent[] = []
    let after: string | undefined
    for (;;) {
      const page = this.#namespace.list(directory.ino, after, pageEntries)
      for (const entry of page) all.push(entry)
      if (page.length < pageEntries) break
      after = (page.at(-1) as NamedDirent).name
    }
    return { ...orderEntries(all, this.#hash), asOf: directory.ctime }
  }

  #shrink(keep: number): void {
    for (const ino of this.#listings.keys()) {
      if (this.#entries <= entriesMax) return
      if (ino !== keep) this.drop(ino)
    }
  }
}
