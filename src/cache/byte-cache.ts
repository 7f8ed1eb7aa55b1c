// Values in memory by key, least recently used out first, weighed in bytes; and loads of what is not
// there, each made once however many ask (single flight). It knows no store: whoever asks hands in how
// to load. Values never change under their key, so nothing is ever invalidated, only dropped.
//
// A second tier (files on the local disk) fits behind the same interface: `load` is then what asks the
// disk first and the store second, and `put` what fills both.

export interface ByteCacheStatus {
  readonly bytes: number
  readonly bytesMax: number
  readonly values: number
  readonly hits: number
  /** Keys asked for that were not there, whether or not somebody else was loading them. */
  readonly misses: number
  /** Keys handed to a `load`. */
  readonly loads: number
}

/** Answers in the order asked; an Error in place of a value fails that key alone. */
export type Load<V> = (keys: readonly string[]) => Promise<readonly (V | Error)[]>

export interface ByteCache<V> {
  /** The value, if it is here; it counts as used. */
  get(key: string): V | undefined
  has(key: string): boolean
  put(key: string, value: V): void
  /**
   * The values of `keys`, in that order, from here, from loads under way, or by one call of `load` for
   * all the others. Rejects with the first failed key's error. Failures are not kept.
   */
  load(keys: readonly string[], load: Load<V>): Promise<V[]>
  status(): ByteCacheStatus
  clear(): void
}

export interface ByteCacheOptions<V> {
  readonly bytesMax: number
  /** Bytes of memory that a value takes. */
  readonly weigh: (value: V) => number
}

export function createByteCache<V>(options: ByteCacheOptions<V>): ByteCache<V> {
  return new LruCache(options)
}

class LruCache<V> implements ByteCache<V> {
  readonly #bytesMax: number
  readonly #weigh: (value: V) => number
  /** In order of use, the oldest first. */
  readonly #values = new Map<string, V>()
  readonly #underWay = new Map<string, Promise<V>>()
  #bytes = 0
  #hits = 0
  #misses = 0
  #loads = 0

  constructor(options: ByteCacheOptions<V>) {
    this.#bytesMax = options.bytesMax
    this.#weigh = options.weigh
  }

  get(key: string): V | undefined {
    const value = this.#values.get(key)
    if (value === undefined) {
      this.#misses++
      return undefined
    }
    this.#hits++
    this.#values.delete(key)
    this.#values.set(key, value)
    return value
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  put(key: string, value: V): void {
    const bytes = this.#weigh(value)
    if (bytes > this.#bytesMax) return
    this.#drop(key)
    this.#values.set(key, value)
    this.#bytes += bytes
    for (const oldest of this.#values.keys()) {
      if (this.#bytes <= this.#bytesMax) break
      this.#drop(oldest)
    }
  }

  load(keys: readonly string[], load: Load<V>): Promise<V[]> {
    const wanted = [...new Set(keys)].filter(
      (key) => !this.#values.has(key) && !this.#underWay.has(key),
    )
    if (wanted.length > 0) this.#start(wanted, load)
    return Promise.all(keys.map((key) => this.#values.get(key) ?? this.#waitFor(key)))
  }

  status(): ByteCacheStatus {
    return {
      bytes: this.#bytes,
      bytesMax: this.#bytesMax,
      values: this.#values.size,
      hits: this.#hits,
      misses: this.#misses,
      loads: this.#loads,
    }
  }

  clear(): void {
    this.#values.clear()
    this.#bytes = 0
  }

  #waitFor(key: string): Promise<V> {
    // Neither here nor under way would be a mistake in `load` above.
    return this.#underWay.get(key) ?? Promise.reject(new Error(`nobody loads ${key}`))
  }

  #start(keys: readonly string[], load: Load<V>): void {
    this.#loads += keys.length
    const all = load(keys)
    keys.forEach((key, i) => {
      const one = all
        .then((values) => this.#arrived(key, values[i]))
        .finally(() => {
          this.#underWay.delete(key)
        })
      // Whoever waits sees the failure; nobody may be waiting for what was read ahead.
      one.catch(() => {})
      this.#underWay.set(key, one)
    })
  }

  #arrived(key: string, value: V | Error | undefined): V {
    if (value === undefined) throw new Error(`a load left out ${key}`)
    if (value instanceof Error) throw value
    this.put(key, value)
    return value
  }

  #drop(key: string): void {
    const value = this.#values.get(key)
    if (value === undefined) return
    this.#values.delete(key)
    this.#bytes -= this.#weigh(value)
  }
}
