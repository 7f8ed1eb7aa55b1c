// Ranges of a file that do not overlap, in order, each standing for something that can be cut into
// pieces. Laying one down replaces what was there. Plain data structure: a sorted array, since nearly
// all changes are at its end.

export interface Range {
  readonly start: number
  readonly end: number
}

export interface RangeRules<R extends Range> {
  /** The part [start, end) of a range. */
  cut(range: R, start: number, end: number): R
  /** One range in place of two that touch, or undefined where they differ. */
  join(left: R, right: R): R | undefined
}

export class RangeMap<R extends Range> {
  #ranges: R[] = []
  readonly #rules: RangeRules<R>

  constructor(rules: RangeRules<R>) {
    this.#rules = rules
  }

  get size(): number {
    return this.#ranges.length
  }

  /** In order. A copy: it does not change with the map. */
  all(): R[] {
    return this.#ranges.slice()
  }

  values(): IterableIterator<R> {
    return this.#ranges.values()
  }

  at(index: number): R | undefined {
    return this.#ranges.at(index)
  }

  /** The range that holds `offset`. */
  find(offset: number): R | undefined {
    const range = this.#ranges[this.#firstBehind(offset)]
    return range && range.start <= offset ? range : undefined
  }

  /** The ranges that overlap [start, end), whole, in order. */
  overlapping(start: number, end: number): R[] {
    const from = this.#firstBehind(start)
    let to = from
    while (to < this.#ranges.length && (this.#ranges[to] as R).start < end) to++
    return this.#ranges.slice(from, to)
  }

  /** Lays a range down over what was there. */
  set(range: R): void {
    const last = this.#ranges.at(-1)
    if (!last || last.end <= range.start) this.#push(last, range)
    else this.#splice(range.start, range.end, range)
  }

  /** Takes [start, end) out. */
  remove(start: number, end: number): void {
    this.#splice(start, end, undefined)
  }

  replaceAll(ranges: readonly R[]): void {
    this.#ranges = ranges.slice()
  }

  /** Behind all others. */
  #push(last: R | undefined, range: R): void {
    if (range.start >= range.end) return
    const both = last?.end === range.start ? this.#rules.join(last, range) : undefined
    if (both) this.#ranges[this.#ranges.length - 1] = both
    else this.#ranges.push(range)
  }

  #splice(start: number, end: number, range: R | undefined): void {
    if (start >= end) return
    const from = this.#firstBehind(start)
    let to = from
    const pieces: R[] = []
    const first = this.#ranges[from]
    if (first && first.start < start) pieces.push(this.#rules.cut(first, first.start, start))
    if (range) pieces.push(range)
    for (; to < this.#ranges.length; to++) {
      const old = this.#ranges[to] as R
      if (old.start >= end) break
      if (old.end > end) pieces.push(this.#rules.cut(old, end, old.end))
    }
    const before = from > 0 ? from - 1 : from
    const after = Math.min(to + 1, this.#ranges.length)
    const neighbours = [
      ...this.#ranges.slice(before, from),
      ...pieces,
      ...this.#ranges.slice(to, after),
    ]
    this.#ranges.splice(before, after - before, ...this.#joined(neighbours))
  }

  #joined(ranges: readonly R[]): R[] {
    const joined: R[] = []
    for (const range of ranges) {
      const last = joined.at(-1)
      const both = last && last.end === range.start ? this.#rules.join(last, range) : undefined
      if (both) joined[joined.length - 1] = both
      else joined.push(range)
    }
    return joined
  }

  /** Index of the first range that ends behind `offset`. */
  #firstBehind(offset: number): number {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ranges[middle] as R).end <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
