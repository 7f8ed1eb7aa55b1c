// How many requests of each operation have come. Counted at every request: one addition to a slot of an
// array, and names only when somebody asks.

import { opcodeName } from './wire/opcodes.js'

/** More than any opcode of requests to a file system; what is beyond counts under 0. */
const SLOTS = 256

export class RequestCounts {
  readonly #counts = new Float64Array(SLOTS)

  add(opcode: number): void {
    const slot = opcode < SLOTS ? opcode : 0
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1
  }

  /** By the names of fuse.h, in lower case (`lookup`); those that have come at all. */
  byOperation(): Record<string, number> {
    const counted = [...this.#counts].map((count, opcode) => [nameOf(opcode), count] as const)
    return Object.fromEntries(counted.filter(([, count]) => count > 0))
  }
}

function nameOf(slot: number): string {
  return slot === 0 ? 'unknown' : opcodeName(slot).toLowerCase()
}
