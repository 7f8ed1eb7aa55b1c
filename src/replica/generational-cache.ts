// A bounded map that forgets what was not asked for lately. Two generations instead of a linked list: a
// hit costs one or two map reads and moves nothing, and the older half goes at once when the younger is
// full. So between half of `max` and `max` entries are kept, the latest ones surely, and beside them
// what must be kept, in a map of its own: however much that is, it does not fill the generations.

export class GenerationalCache<K, V extends NonNullable<unknown>> {
  readonly #halfMax: number
  readonly #mustKeep: ((key: K) => boolean) | undefined
  #young = new Map<K, V>()
  #old = new Map<K, V>()
  /** Of older generations: what must be kept. */
  #kept = new Map<K, V>()

  /** What `mustKeep` answers true for is not forgotten, however long ago it was asked for. */
  constructor(max: number, mustKeep?: (key: K) => boolean) {
    this.#halfMax = Math.max(1, Math.floor(max / 2))
    this.#mustKeep = mustKeep
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key) ?? this.#kept.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  /** As `get`, but it does not count as a use. */
  peek(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key) ?? this.#kept.get(key)
  }

  set(key: K, value: V): void {
    this.#young.set(key, value)
    if (this.#young.size > this.#halfMax) this.#grow()
  }

  delete(key: K): void {
    this.#young.delete(key)
    this.#old.delete(key)
    this.#kept.delete(key)
  }

  /** Forgets all but what must be kept. */
  clear(): void {
    // From the oldest to the youngest: the latest value of a key is the one that stays.
    const all = [this.#kept, this.#old, this.#young]
    this.#kept = new Map()
    this.#old = new Map()
    this.#young = new Map()
    for (const each of all) this.#keep(each)
  }

  /** Every entry once. */
  *entries(): Generator<[K, V]> {
    yield* this.#young
    for (const entry of this.#old) if (!this.#young.has(entry[0])) yield entry
    for (const entry of this.#kept)
      if (!this.#young.has(entry[0]) && !this.#old.has(entry[0])) yield entry
  }

  #grow(): void {
    const forgotten = this.#old
    this.#old = this.#young
    this.#young = new Map()
    // Once in half of `max` sets, so it may look at all that is kept.
    for (const key of this.#kept.keys())
      if (this.#old.has(key) || !this.#mustKeep?.(key)) this.#kept.delete(key)
    this.#keep(forgotten)
  }

  #keep(from: ReadonlyMap<K, V>): void {
    const mustKeep = this.#mustKeep
    if (!mustKeep) return
    for (const [key, value] of from)
      if (!this.#old.has(key) && mustKeep(key)) this.#kept.set(key, value)
  }
}
