// Distinct strings or numbers in order, in chunks: what a plain Map lacks for listings. Inserting,
// deleting and finding a place cost two binary searches and the shift of one chunk, so a million
// names do not turn quadratic, however inserts and listings alternate. Relies on nothing.

/** A chunk that outgrows this is split. */
const chunkMax = 512

export class SortedList<T extends string | number> {
  /** Never empty; only the first chunk may hold nothing. */
  readonly #chunks: T[][] = [[]]
  #size = 0

  get size(): number {
    return this.#size
  }

  /** False where it was there already. */
  insert(value: T): boolean {
    const at = this.#chunkOf(value)
    const chunk = this.#chunks[at] as T[]
    const place = placeOf(chunk, value)
    if (chunk[place] === value) return false
    this.#size++
    if (chunk.length < chunkMax) chunk.splice(place, 0, value)
    else this.#insertFull(at, place, value)
    return true
  }

  /** False where it was not there. */
  delete(value: T): boolean {
    const at = this.#chunkOf(value)
    const chunk = this.#chunks[at] as T[]
    const place = placeOf(chunk, value)
    if (chunk[place] !== value) return false
    this.#size--
    chunk.splice(place, 1)
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1)
    return true
  }

  /** The values behind `after` (undefined: from the first), ascending, at most `limit`. */
  after(after: T | undefined, limit: number): T[] {
    let at = after === undefined ? 0 : this.#chunkOf(after)
    let place = after === undefined ? 0 : placeOf(this.#chunks[at] as T[], after)
    if (after !== undefined && this.#chunks[at]?.[place] === after) place++
    const found: T[] = []
    for (; at < this.#chunks.length && found.length < limit; at++, place = 0)
      found.push(...(this.#chunks[at] as T[]).slice(place, place + limit - found.length))
    return found
  }

  /** A full chunk is cut in half, but for values that come in order: those begin a new one. */
  #insertFull(at: number, place: number, value: T): void {
    const chunk = this.#chunks[at] as T[]
    const isLast = at === this.#chunks.length - 1
    const upper = place === chunkMax && isLast ? [] : chunk.splice(chunkMax / 2)
    this.#chunks.splice(at + 1, 0, upper)
    if (place > chunk.length || upper.length === 0) upper.splice(place - chunk.length, 0, value)
    else chunk.splice(place, 0, value)
  }

  /** The chunk that holds `value`, or would. */
  #chunkOf(value: T): number {
    let low = 0
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#chunks[middle]?.[0] as T) <= value) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** Index of the first value that is not below `value`. */
function placeOf<T extends string | number>(chunk: readonly T[], value: T): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((chunk[middle] as T) < value) low = middle + 1
    else high = middle
  }
  return low
}
