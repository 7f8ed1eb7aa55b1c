// The chunks of one spool: where the bytes of its ranges lie. Bytes written since the last snapshot lie in
// chunks by their place in the file, so that what is written again goes over what it replaces; chunks of
// a snapshot are never written again.

import type { Dirty } from './dirty-range.js'
import type { RangeMap } from './range-map.js'
import { type Chunk, chunkBytes, type MemoryAccount, type SpoolStorage } from './spool-storage.js'

/** A stretch of a file within one chunk. */
export type Placed = Pick<Dirty, 'start' | 'end' | 'chunk' | 'at'>

export class SpoolChunks {
  readonly #storage: SpoolStorage
  readonly #memory: MemoryAccount = { bytes: 0 }
  readonly #all = new Set<Chunk>()
  /** Chunks that may be written, by the number of the stretch of the file that they hold. */
  readonly #open = new Map<number, Chunk>()

  constructor(storage: SpoolStorage) {
    this.#storage = storage
  }

  /**
   * Writes bytes to their places. Those that can fail for want of room go first, and those over bytes
   * of `ranges` last: a write that fails has changed nothing that is in use.
   */
  write(start: number, data: Uint8Array, ranges: RangeMap<Dirty>): void {
    const page = Math.floor(start / chunkBytes)
    const at = start - page * chunkBytes
    // Nearly all writes lie within one chunk, which takes all of them or nothing.
    if (at + data.length <= chunkBytes) this.#chunk(page).write(at, data)
    else this.#writePages(start, data, ranges)
  }

  #writePages(start: number, data: Uint8Array, ranges: RangeMap<Dirty>): void {
    const fresh: (() => void)[] = []
    const over: (() => void)[] = []
    for (const { page, from, to, at } of pagesOf(start, start + data.length)) {
      const chunk = this.#open.get(page)
      const used = chunk && ranges.overlapping(from, to).some((range) => range.chunk === chunk)
      const part = data.subarray(from - start, to - start)
      const list = used ? over : fresh
      list.push(() => this.#chunk(page).write(at, part))
    }
    for (const write of fresh) write()
    for (const write of over) write()
  }

  /** Where the bytes of [start, end) were written. */
  places(start: number, end: number): Placed[] {
    return pagesOf(start, end).map(({ page, from, to, at }) => ({
      start: from,
      end: to,
      chunk: this.#chunk(page),
      at,
    }))
  }

  /** Nothing that was written before is written over from now on. */
  seal(): void {
    this.#open.clear()
  }

  /** Frees all chunks but those of `ranges` and those that may be written. */
  sweep(...ranges: Iterable<Dirty>[]): void {
    const used = new Set<Chunk | undefined>(this.#open.values())
    for (const some of ranges) for (const { chunk } of some) used.add(chunk)
    for (const chunk of this.#all) {
      if (used.has(chunk)) continue
      this.#all.delete(chunk)
      chunk.free()
    }
  }

  #chunk(page: number): Chunk {
    let chunk = this.#open.get(page)
    if (!chunk) {
      chunk = this.#storage.chunk(this.#memory)
      this.#open.set(page, chunk)
      this.#all.add(chunk)
    }
    return chunk
  }
}

interface PagePart {
  readonly page: number
  readonly from: number
  readonly to: number
  readonly at: number
}

/** [start, end) cut at multiples of a chunk's size. */
function pagesOf(start: number, end: number): PagePart[] {
  const parts: PagePart[] = []
  for (let from = start; from < end; ) {
    const page = Math.floor(from / chunkBytes)
    const to = Math.min(end, (page + 1) * chunkBytes)
    parts.push({ page, from, to, at: from - page * chunkBytes })
    from = to
  }
  return parts
}
