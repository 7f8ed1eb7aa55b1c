// A bounded map that forgets what was not asked for lately. Two generations instead of a linked list: a
// hit costs one or two map reads and moves nothing, and the older half goes at once when the younger is
// full. So between half of `max` and `max` entries are kept, the latest ones surely.

export class GenerationalCache<K, V extends NonNullable<unknown>> {
  readonly #halfMax: number
  readonly #mustKeep: ((key: K) => boolean) | undefined
  #young = new Map<K, V>()
  #old = new Map<K, V>()

  /** What `mustKeep` answers true for is not forgotten, however long ago it was asked for. */
  constructor(max: number, mustKeep?: (key: K) => boolean) {
    this.#halfMax = Math.max(1, Math.floor(max / 2))
    this.#mustKeep = mustKeep
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  /** As `get`, but it does not count as a use. */
  peek(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  set(key: K, value: V): void {
    this.#young.set(key, value)
    if (this.#young.size > this.#halfMax) this.#grow()
  }

  delete(key: K): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  /** Forgets all but what must be kept. */
  clear(): void {
    const old = this.#old
    const young = this.#young
    this.#old = new Map()
    this.#young = new Map()
    this.#rescue(old)
    this.#rescue(young)
  }

  /** Every entry once. */
  *entries(): Generator<[K, V]> {
    yield* this.#young
    for (const entry of this.#old) if (!this.#young.has(entry[0])) yield entry
  }

  #grow(): void {
    const forgotten = this.#old
    this.#old = this.#young
    this.#young = new Map()
    this.#rescue(forgotten)
  }

  #rescue(from: ReadonlyMap<K, V>): void {
    const mustKeep = this.#mustKeep
    if (!mustKeep) return
    for (const [key, value] of from)
      if (!this.#old.has(key) && mustKeep(key)) this.#young.set(key, value)
  }
}
