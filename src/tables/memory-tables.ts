// A volume's records in memory: those of the memory engine, and a replica's own copy. Always in order;
// values are kept as they were given and must not be changed.

import type { Head } from '../volume/head.js'
import { direntIno } from '../volume/inode-codec.js'
import type { Name } from '../volume/name.js'
import { type Key, RecordKind, type VolumeRecord } from '../volume/record.js'
import { type Link, Links } from './links.js'
import { Section } from './section.js'
import type { WritableTables } from './tables.js'

const kinds = [RecordKind.dirent, RecordKind.inode, RecordKind.journal] as const

export class MemoryTables implements WritableTables {
  #head: Head | undefined
  #sections = newSections()
  #links = new Links()

  head(): Head | undefined {
    return this.#head
  }

  /** Undefined for kinds head and log too: those are not kept here. */
  get(kind: RecordKind, parent: number, name: Name): Uint8Array | undefined {
    return this.#sections.get(kind)?.get(parent, name)
  }

  list(parent: number, after: Name | undefined, limit: number): VolumeRecord[] {
    return this.#section(RecordKind.dirent).list(parent, after, limit)
  }

  names(ino: number): Link[] {
    return this.#links.of(ino)
  }

  highestIno(): number {
    return this.#links.highest
  }

  count(): number {
    return this.#section(RecordKind.dirent).count + this.#section(RecordKind.inode).count
  }

  /** Records of every kind kept here, in key order behind `after`, at most `limit`. */
  scan(after: Key | undefined, limit: number): VolumeRecord[] {
    const found: VolumeRecord[] = []
    for (const kind of kinds) {
      if (after && kind < after.kind) continue
      const from = after?.kind === kind ? after : undefined
      found.push(...this.#section(kind).scan(from, limit - found.length))
      if (found.length >= limit) break
    }
    return found
  }

  apply(puts: readonly VolumeRecord[], deletes: readonly Key[], head: Head): void {
    this.load(puts, deletes)
    this.#head = head
  }

  /** As `apply`, but the head stays: one page of many while a volume is loaded. */
  load(puts: readonly VolumeRecord[], deletes: readonly Key[] = []): void {
    // All that can fail comes first, so that an entry is carried out whole or not at all.
    const inos = puts.map((record) => linkedIno(record, record.value))
    for (const key of [...puts, ...deletes]) this.#section(key.kind)
    for (const key of deletes) this.#delete(key)
    puts.forEach((record, at) => {
      this.#put(record, inos[at])
    })
  }

  clear(): void {
    this.#head = undefined
    this.#sections = newSections()
    this.#links = new Links()
  }

  #put(record: VolumeRecord, ino: number | undefined): void {
    const { kind, parent, name, value } = record
    const before = this.#section(kind).put(parent, name, value)
    const inoBefore = before && linkedIno(record, before)
    if (ino === inoBefore) return
    if (inoBefore !== undefined) this.#links.remove(inoBefore, parent, name)
    if (ino !== undefined) this.#links.add(ino, parent, name)
  }

  #delete(key: Key): void {
    const before = this.#section(key.kind).delete(key.parent, key.name)
    const ino = before && linkedIno(key, before)
    if (ino !== undefined) this.#links.remove(ino, key.parent, key.name)
  }

  #section(kind: RecordKind): Section {
    const section = this.#sections.get(kind)
    if (!section) throw new TypeError(`records of kind ${kind} are not kept in tables`)
    return section
  }
}

function newSections(): Map<RecordKind, Section> {
  return new Map(kinds.map((kind) => [kind, new Section(kind)]))
}

/** The inode that a dirent names; undefined for other records. */
function linkedIno(key: Key, value: Uint8Array): number | undefined {
  return key.kind === RecordKind.dirent ? direntIno(value) : undefined
}
