// The namespace as the log says it is up to one seq: records unpacked into inodes and names. Reads go
// to the tables through two caches of what was unpacked lately. The tables are either this replica's own
// copy, which moves when `apply` carries an entry out, or the engine's, which any process may move at
// any moment: then `behind` is true until the entries between have been applied here, and meanwhile
// reads bypass the caches, which still tell what was shown before.

import type { Tables, WritableTables } from '../tables/tables.js'
import type { Clock } from '../volume/clock.js'
import type { Head } from '../volume/head.js'
import { type Dirent, type Inode, rootIno } from '../volume/inode.js'
import { decodeJournalNumber } from '../volume/journal-number.js'
import type { LogEntry } from '../volume/log-entry.js'
import type { Name } from '../volume/name.js'
import { RecordKind, type Uuid, type VolumeRecord } from '../volume/record.js'
import type { Coverage } from './coverage.js'
import { DirentCache } from './dirent-cache.js'
import { GenerationalCache } from './generational-cache.js'
import { Look } from './look.js'
import type { NamedDirent, NamePlace, Namespace } from './namespace.js'
import { NotLoaded } from './replica.js'
import { unpackDirent, unpackInode } from './unpack.js'

/** Where the records lie: a copy that this replica writes, or the engine's own tables. */
export type Source =
  | {
      readonly kind: 'copy'
      readonly tables: WritableTables
      /** Present while not everything is loaded. */
      readonly coverage?: Coverage
    }
  | { readonly kind: 'shared'; readonly tables: Tables }

export interface CommittedOptions {
  readonly clock: Pick<Clock, 'bootMs'>
  /** Unpacked inodes, and names, kept in memory. */
  readonly cacheMax: number
  /** Inodes that stay unpacked whatever happens, because somebody has them open. */
  readonly isHeld?: ((ino: number) => boolean) | undefined
}

const namesMax = 2048

export class Committed implements Namespace {
  /** At shared tables. */
  readonly look: Look
  readonly #inodes: GenerationalCache<number, Inode>
  readonly #dirents: DirentCache
  /** Of directories, above all: each change within one asks for its own name. */
  readonly #names: GenerationalCache<number, readonly NamePlace[]>
  readonly #isHeld: (ino: number) => boolean
  #source: Source
  #head: Head
  /** Undefined: not asked for yet. */
  #highest: number | undefined

  constructor(source: Source, head: Head, options: CommittedOptions) {
    this.#source = source
    this.#head = head
    this.look = new Look(options.clock, () => this.#hasMoved())
    this.#isHeld = options.isHeld ?? (() => false)
    this.#inodes = new GenerationalCache(options.cacheMax, options.isHeld)
    this.#dirents = new DirentCache(options.cacheMax)
    this.#names = new GenerationalCache(namesMax)
  }

  /** The head after the last entry applied here. */
  get head(): Head {
    return this.#head
  }

  get source(): Source {
    return this.#source
  }

  /** Whether the engine's tables have moved on without this replica, as far as it can know in this tick. */
  get behind(): boolean {
    return this.#source.kind === 'shared' && this.look.isBehind
  }

  /** Number of the last change of a journal that is committed; 0: none is. */
  journalNumber(journal: Uuid): number {
    const value = this.#source.tables.get(RecordKind.journal, 0, journal)
    return value ? decodeJournalNumber(value) : 0
  }

  inode(ino: number): Inode | undefined {
    if (this.behind) return this.#readInode(ino)
    const cached = this.#inodes.get(ino)
    if (cached) return cached
    // Whoever makes an inode asks for its number first: it is mostly higher than all others.
    if (!this.#coverage && ino > this.#highestIno) return undefined
    const inode = this.#readInode(ino)
    if (inode) this.#inodes.set(ino, inode)
    return inode
  }

  lookup(parent: number, name: Name): Dirent | undefined {
    if (this.behind) return this.#readDirent(parent, name)
    const cached = this.#dirents.get(parent, name)
    if (cached !== undefined) return cached ?? undefined
    const dirent = this.#readDirent(parent, name)
    if (!dirent && !this.#covers(parent, name)) throw new NotLoaded(parent)
    this.#dirents.set(parent, name, dirent ?? null)
    return dirent
  }

  list(parent: number, after: Name | undefined, limit: number): NamedDirent[] {
    if (!this.#covers(parent)) throw new NotLoaded(parent)
    return this.listLoaded(parent, after, limit)
  }

  /** As `list`, of what is here; the rest of a directory that is not loaded was never shown. */
  listLoaded(parent: number, after: Name | undefined, limit: number): NamedDirent[] {
    const behind = this.behind
    const records = this.#source.tables.list(parent, after, limit)
    return records.map((record) => {
      const { ino, type, inode } = unpackDirent(record)
      // A listing is nearly always followed by the attributes of what it lists.
      if (inode && !behind && !this.#inodes.peek(ino)) this.#inodes.set(ino, inode)
      return { name: record.name, ino, type }
    })
  }

  names(ino: number): readonly NamePlace[] {
    if (this.behind || this.#coverage) return this.#source.tables.names(ino)
    const cached = this.#names.get(ino)
    if (cached) return cached
    const names = this.#source.tables.names(ino)
    this.#names.set(ino, names)
    return names
  }

  parentOf(directory: number): number | undefined {
    const parent = this.names(directory)[0]?.parent
    // Others may have moved it below what is not loaded: the entry that did told of its new name alone.
    if (parent === undefined && directory !== rootIno && this.#coverage)
      throw new NotLoaded(undefined)
    return parent
  }

  /**
   * What this replica showed for a name before the entries that it is about to apply: null for "no such
   * name", undefined where it cannot tell any more (shared tables, and not in the cache).
   */
  direntBefore(parent: number, name: Name): Dirent | null | undefined {
    const cached = this.#dirents.get(parent, name)
    if (cached !== undefined || this.#source.kind === 'shared') return cached
    // A name that is not loaded was not shown either.
    return this.#readDirent(parent, name) ?? null
  }

  /** As `direntBefore`, for an inode; undefined also for "no such inode". */
  inodeBefore(ino: number): Inode | undefined {
    return this.#source.kind === 'copy' ? this.inode(ino) : this.#inodes.peek(ino)
  }

  /** Inodes that somebody has open, as far as they were read here. */
  *held(): Generator<number> {
    for (const [ino] of this.#inodes.entries()) if (this.#isHeld(ino)) yield ino
  }

  /** Goes one entry on: carries it out where the tables are our own, and keeps the caches true. */
  apply(entry: LogEntry): void {
    this.#forgetTouched(entry)
    this.#coverage?.note(entry)
    if (this.#source.kind === 'copy')
      this.#source.tables.apply(entry.puts, entry.deletes, entry.head)
    this.#head = entry.head
    for (const record of entry.puts) this.#learn(record)
    if (this.#source.kind === 'shared') this.look.now()
  }

  /** Another source altogether, at another head: after a reload. */
  replace(source: Source, head: Head): void {
    this.#source = source
    this.#head = head
    this.#highest = undefined
    this.look.reset()
    this.#inodes.clear()
    this.#dirents.clear()
    this.#names.clear()
    for (const [ino] of [...this.#inodes.entries()]) this.#refresh(ino)
  }

  /** Everything is loaded: from now on what is not here does not exist. */
  loaded(): void {
    if (this.#source.kind === 'copy') this.#source = { kind: 'copy', tables: this.#source.tables }
  }

  /** Everything unpacked and held right now: what may have been shown. */
  shown(): { readonly inodes: Inode[]; readonly dirents: ShownDirent[] } {
    const inodes = [...this.#inodes.entries()].map(([, inode]) => inode)
    return { inodes, dirents: this.#dirents.entries() }
  }

  /** Undefined where everything is there. */
  get #coverage(): Coverage | undefined {
    return this.#source.kind === 'copy' ? this.#source.coverage : undefined
  }

  #covers(parent: number, name?: Name): boolean {
    return this.#coverage?.covers(parent, name) ?? true
  }

  #hasMoved(): boolean {
    const { tables } = this.#source
    tables.refresh?.()
    const head = tables.head()
    return head?.seq !== this.#head.seq || head.request !== this.#head.request
  }

  /** The caches forget what the entry touches, before it is carried out. */
  #forgetTouched(entry: LogEntry): void {
    for (const list of [entry.deletes, entry.puts])
      for (const { kind, parent, name } of list) {
        if (kind === RecordKind.inode) this.#inodes.delete(parent)
        if (kind !== RecordKind.dirent) continue
        const before = this.direntBefore(parent, name)
        this.#dirents.delete(parent, name)
        if (before === undefined) this.#forgetUnsure()
        else if (before) this.#forgetIno(before.ino)
      }
  }

  /**
   * A name went away or changed, and which inode it meant is not known any more: any of those unpacked
   * may be it. Only those held are worth another look.
   */
  #forgetUnsure(): void {
    this.#inodes.clear()
    this.#names.clear()
    for (const [ino] of [...this.#inodes.entries()]) this.#refresh(ino)
  }

  #forgetIno(ino: number): void {
    this.#inodes.delete(ino)
    this.#names.delete(ino)
  }

  #refresh(ino: number): void {
    const inode = this.#readInode(ino)
    if (inode) this.#inodes.set(ino, inode)
    else this.#inodes.delete(ino)
  }

  get #highestIno(): number {
    this.#highest ??= Math.max(rootIno, this.#source.tables.highestIno())
    return this.#highest
  }

  #raiseHighest(ino: number): void {
    if (this.#highest !== undefined && ino > this.#highest) this.#highest = ino
  }

  #learn(record: VolumeRecord): void {
    if (record.kind === RecordKind.inode)
      this.#inodes.set(record.parent, unpackInode(record.parent, record.value))
    if (record.kind !== RecordKind.dirent) return
    const { ino, type, inode } = unpackDirent(record)
    this.#raiseHighest(ino)
    this.#names.delete(ino)
    this.#dirents.set(record.parent, record.name, { ino, type })
    if (inode) this.#inodes.set(ino, inode)
  }

  #readDirent(parent: number, name: Name): Dirent | undefined {
    const value = this.#source.tables.get(RecordKind.dirent, parent, name)
    if (!value) return undefined
    const { ino, type, inode } = unpackDirent({ kind: RecordKind.dirent, parent, name, value })
    if (inode && !this.look.wasBehind) this.#inodes.set(ino, inode)
    return { ino, type }
  }

  #readInode(ino: number): Inode | undefined {
    const { tables } = this.#source
    const place = ino === rootIno ? undefined : tables.names(ino)[0]
    if (place) {
      const value = tables.get(RecordKind.dirent, place.parent, place.name)
      const inode = value && unpackDirent({ kind: RecordKind.dirent, ...place, value }).inode
      if (inode) return inode
    }
    const value = tables.get(RecordKind.inode, ino, '')
    return value && unpackInode(ino, value)
  }
}

export interface ShownDirent extends NamePlace {
  /** Null: it was shown that there is none. */
  readonly dirent: Dirent | null
}
