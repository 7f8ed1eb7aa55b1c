// What a reader sees of a spooled file, piece by piece.

import type { SpoolPiece } from './spool.js'

/** Collects pieces in order; neighbours of one kind become one. */
export class Pieces {
  readonly all: { kind: SpoolPiece['kind']; offset: number; length: number }[] = []
  readonly #storedEnd: number
  #at: number

  constructor(start: number, storedEnd: number) {
    this.#at = start
    this.#storedEnd = storedEnd
  }

  unchangedTo(end: number): void {
    this.add('stored', Math.min(end, this.#storedEnd))
    this.add('zeros', end)
  }

  add(kind: SpoolPiece['kind'], end: number): void {
    if (end <= this.#at) return
    const last = this.all.at(-1)
    if (last?.kind === kind) last.length = end - last.offset
    else this.all.push({ kind, offset: this.#at, length: end - this.#at })
    this.#at = end
  }
}
