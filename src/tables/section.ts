// The records of one kind in memory: by parent, then by name, both in order. Used by memory-tables.ts.

import type { Name } from '../volume/name.js'
import type { RecordKind, VolumeRecord } from '../volume/record.js'
import { SortedList } from './sorted-list.js'

interface Group {
  readonly values: Map<Name, Uint8Array>
  readonly order: SortedList<Name>
}

export class Section {
  readonly #kind: RecordKind
  readonly #groups = new Map<number, Group>()
  readonly #parents = new SortedList<number>()
  #count = 0

  constructor(kind: RecordKind) {
    this.#kind = kind
  }

  get count(): number {
    return this.#count
  }

  get(parent: number, name: Name): Uint8Array | undefined {
    return this.#groups.get(parent)?.values.get(name)
  }

  /** Answers what stood there before. */
  put(parent: number, name: Name, value: Uint8Array): Uint8Array | undefined {
    const group = this.#groups.get(parent) ?? this.#addGroup(parent)
    const before = group.values.get(name)
    group.values.set(name, value)
    if (before) return before
    group.order.insert(name)
    this.#count++
    return undefined
  }

  /** Answers what stood there before. */
  delete(parent: number, name: Name): Uint8Array | undefined {
    const group = this.#groups.get(parent)
    const before = group?.values.get(name)
    if (!group || !before) return undefined
    group.values.delete(name)
    group.order.delete(name)
    this.#count--
    if (group.values.size > 0) return before
    this.#groups.delete(parent)
    this.#parents.delete(parent)
    return before
  }

  /** Records of one parent behind a name, at most `limit`. */
  list(parent: number, after: Name | undefined, limit: number): VolumeRecord[] {
    const group = this.#groups.get(parent)
    if (!group) return []
    const kind = this.#kind
    const names = group.order.after(after, limit)
    return names.map((name) => ({
      kind,
      parent,
      name,
      value: group.values.get(name) as Uint8Array,
    }))
  }

  /** Records behind (parent, name), whatever their parent, at most `limit`. */
  scan(after: { parent: number; name: Name } | undefined, limit: number): VolumeRecord[] {
    const found = after ? this.list(after.parent, after.name, limit) : []
    let last = after?.parent
    while (found.length < limit) {
      const [parent] = this.#parents.after(last, 1)
      if (parent === undefined) break
      found.push(...this.list(parent, undefined, limit - found.length))
      last = parent
    }
    return found
  }

  #addGroup(parent: number): Group {
    const group = { values: new Map<Name, Uint8Array>(), order: new SortedList<Name>() }
    this.#groups.set(parent, group)
    this.#parents.insert(parent)
    return group
  }
}
