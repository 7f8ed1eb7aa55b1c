// Names looked up lately, and names found absent (a page of a CMS asks for a hundred of those). Bounded
// like generational-cache.ts, but by directory and name, so that no key has to be put together.

import type { Dirent } from '../volume/inode.js'
import type { Name } from '../volume/name.js'

type Directories = Map<number, Map<Name, Dirent | null>>

export class DirentCache {
  readonly #halfMax: number
  #young: Directories = new Map()
  #old: Directories = new Map()
  #youngCount = 0

  constructor(max: number) {
    this.#halfMax = Math.max(1, Math.floor(max / 2))
  }

  /** Null: known to be absent; undefined: not known here. */
  get(parent: number, name: Name): Dirent | null | undefined {
    const young = this.#young.get(parent)?.get(name)
    if (young !== undefined) return young
    const old = this.#old.get(parent)?.get(name)
    if (old !== undefined) this.set(parent, name, old)
    return old
  }

  set(parent: number, name: Name, dirent: Dirent | null): void {
    let names = this.#young.get(parent)
    if (!names) {
      names = new Map()
      this.#young.set(parent, names)
    }
    if (!names.has(name)) this.#youngCount++
    names.set(name, dirent)
    if (this.#youngCount <= this.#halfMax) return
    this.#old = this.#young
    this.#young = new Map()
    this.#youngCount = 0
  }

  delete(parent: number, name: Name): void {
    if (this.#young.get(parent)?.delete(name)) this.#youngCount--
    this.#old.get(parent)?.delete(name)
  }

  clear(): void {
    this.#old = new Map()
    this.#young = new Map()
    this.#youngCount = 0
  }

  /** Everything known, each name once. */
  entries(): { parent: number; name: Name; dirent: Dirent | null }[] {
    const all = []
    for (const [parent, names] of this.#young)
      for (const [name, dirent] of names) all.push({ parent, name, dirent })
    for (const [parent, names] of this.#old)
      for (const [name, dirent] of names)
        if (!this.#young.get(parent)?.has(name)) all.push({ parent, name, dirent })
    return all
  }
}
