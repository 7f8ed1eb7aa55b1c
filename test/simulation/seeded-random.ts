// Random numbers that a seed repeats, in the shapes that the simulation asks for.

import { seededRandom } from '../../src/store/with-faults.js'

export class SeededRandom {
  /** As Math.random. */
  readonly next: () => number

  constructor(seed: number) {
    this.next = seededRandom(seed)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  between(from: number, to: number): number {
    return from + (to - from) * this.next()
  }

  /** An integer of 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  readonly uuid = (): string => {
    const hex = (digits: number): string =>
      this.below(16 ** digits)
        .toString(16)
        .padStart(digits, '0')
    return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(6)}${hex(6)}`
  }
}
