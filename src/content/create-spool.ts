// The one implementation of Spool: a map of ranges that point into chunks. Each snapshot ends a
// *generation*: what is written afterwards goes to chunks of the next one, so a snapshot's bytes stay
// as they are; and a range of an old generation that is still in the map when its snapshot is
// committed was not changed since, and is clean.

import { Errno, FsError } from '../posix/errno.js'
import { byRun, cutRuns, moveRuns } from './append-runs.js'
import type { SaveResult } from './content.js'
import { differences } from './differences.js'
import {
  bytesOf,
  copyRanges,
  type Dirty,
  dirtyRules,
  type OrderedRun,
  runsOf,
} from './dirty-range.js'
import { RangeMap } from './range-map.js'
import type { SaveSnapshot, Spool, SpoolPiece } from './spool.js'
import { SpoolChunks } from './spool-chunks.js'
import { Pieces } from './spool-pieces.js'
import type { SpoolStorage } from './spool-storage.js'

export function createSpool(storage: SpoolStorage): Spool {
  return new RangedSpool(storage)
}

interface Flight {
  readonly snapshot: SaveSnapshot
  readonly ranges: readonly Dirty[]
  readonly generation: number
  /** Everything was discarded since. */
  discarded: boolean
}

class RangedSpool implements Spool {
  readonly #chunks: SpoolChunks
  readonly #ranges = new RangeMap<Dirty>(dirtyRules)
  #generation = 1
  #flight: Flight | undefined
  #flightCut: number | undefined
  #cut: number | undefined
  #size: number | undefined
  #sizeGeneration = 0
  #sizeMin = 0
  #sizeMinGeneration = 0
  #runsBegun = 0
  #openRun: { readonly run: OrderedRun; end: number } | undefined

  constructor(storage: SpoolStorage) {
    this.#chunks = new SpoolChunks(storage)
  }

  get dirty(): boolean {
    return this.#ranges.size > 0 || this.#size !== undefined || this.#sizeMin > 0
  }

  get saving(): boolean {
    return this.#flight !== undefined
  }

  get bytes(): number {
    return bytesOf(this.#ranges.values())
  }

  size(baseSize: number): number {
    return this.#size ?? Math.max(baseSize, this.#sizeMin, this.#reach())
  }

  write(offset: number, data: Uint8Array, baseSize: number, append = false): number {
    const start = append ? this.size(baseSize) : offset
    const end = start + data.length
    if (start === end) return start
    const run = append ? this.#runAt(start) : undefined
    this.#chunks.write(start, data, this.#ranges)
    const generation = this.#generation
    for (const { start: from, end: to, run: of, limit } of byRun(this.#ranges, start, end, run))
      for (const { start, end, chunk, at } of this.#chunks.places(from, to))
        this.#ranges.set({
          start,
          end,
          run: of,
          limit,
          hole: false,
          grows: true,
          generation,
          chunk,
          at,
        })
    if (run) this.#openRun = { run, end }
    this.#grow(end)
    return start
  }

  writeMapped(offset: number, data: Uint8Array, baseSize: number, shown: readonly Buffer[]): void {
    const within = Math.min(data.length, this.size(baseSize) - offset)
    if (within <= 0) return
    const old = shown.length === 1 ? (shown[0] as Buffer) : Buffer.concat(shown)
    if (old.length < within)
      throw new FsError(Errno.EINVAL, `${old.length} bytes shown of a page of ${within}`)
    for (const [from, to] of differences(data.subarray(0, within), old))
      this.write(offset + from, data.subarray(from, to), baseSize)
  }

  truncate(size: number): void {
    this.#ranges.replaceAll(cutRuns(this.#ranges.all(), size))
    this.#ranges.remove(size, Infinity)
    this.#cut = Math.min(this.#cut ?? size, size)
    this.#size = size
    this.#sizeGeneration = this.#generation
    this.#sizeMin = 0
    this.#openRun = undefined
    this.#sweep()
  }

  allocate(size: number): void {
    this.#sizeMin = Math.max(this.#sizeMin, size)
    this.#sizeMinGeneration = this.#generation
    this.#grow(size)
  }

  punch(start: number, end: number, baseSize: number): void {
    const last = Math.min(end, this.size(baseSize))
    const hole = { hole: true, chunk: undefined, at: 0, generation: this.#generation }
    const storedEnd = this.#storedEnd(baseSize)
    for (const part of byRun(this.#ranges, start, last))
      this.#ranges.set({ ...hole, ...part, grows: part.run !== undefined || part.end > storedEnd })
  }

  layout(offset: number, length: number, baseSize: number): SpoolPiece[] {
    const end = Math.min(offset + length, this.size(baseSize))
    const pieces = new Pieces(offset, this.#storedEnd(baseSize))
    for (const range of this.#ranges.overlapping(offset, end)) {
      pieces.unchangedTo(range.start)
      pieces.add(range.hole ? 'zeros' : 'bytes', Math.min(range.end, end))
    }
    pieces.unchangedTo(end)
    return pieces.all
  }

  copy(offset: number, length: number): Buffer {
    const target = Buffer.allocUnsafe(length)
    copyRanges(this.#ranges.overlapping(offset, offset + length), offset, target)
    return target
  }

  cut(): SaveSnapshot {
    if (this.#flight) throw new Error('a snapshot of this spool is still being saved')
    const ranges = this.#ranges.all()
    const map = new RangeMap<Dirty>(dirtyRules)
    map.replaceAll(ranges)
    const snapshot: SaveSnapshot = {
      cut: this.#cut,
      size: this.#size,
      sizeMin: this.#sizeMin,
      ranges,
      runs: runsOf(ranges),
      bytes: bytesOf(ranges),
      copy: (offset, target) =>
        copyRanges(map.overlapping(offset, offset + target.length), offset, target),
    }
    this.#flight = { snapshot, ranges, generation: this.#generation, discarded: false }
    this.#flightCut = this.#cut
    this.#cut = undefined
    this.#nextGeneration()
    return snapshot
  }

  saved(snapshot: SaveSnapshot, result: SaveResult): void {
    const { generation, discarded } = this.#endFlight(snapshot)
    if (!discarded) {
      this.#flightCut = undefined
      if (this.#sizeGeneration <= generation) this.#size = undefined
      if (this.#sizeMinGeneration <= generation) this.#sizeMin = 0
      const left = this.#ranges.all().filter((range) => range.generation > generation)
      this.#ranges.replaceAll([])
      const end = Math.min(result.size, this.#cut ?? result.size)
      for (const range of moveRuns(left, result.shifts, end)) this.#ranges.set(range)
      // Where a range moved, its chunk is not that of its place in the file any more.
      if (left.some((range) => range.run)) this.#nextGeneration()
    }
    this.#sweep()
  }

  failed(snapshot: SaveSnapshot): void {
    if (!this.#endFlight(snapshot).discarded) {
      this.#cut = this.#effectiveCut()
      this.#flightCut = undefined
    }
    this.#sweep()
  }

  discard(): void {
    if (this.#flight) this.#flight.discarded = true
    this.#ranges.replaceAll([])
    this.#flightCut = undefined
    this.#cut = undefined
    this.#size = undefined
    this.#sizeMin = 0
    this.#nextGeneration()
    this.#sweep()
  }

  close(): void {
    this.#flight = undefined
    this.discard()
  }

  #effectiveCut(): number | undefined {
    if (this.#flightCut === undefined) return this.#cut
    return Math.min(this.#flightCut, this.#cut ?? this.#flightCut)
  }

  /** Where what is stored ends, under the truncations that are not. */
  #storedEnd(baseSize: number): number {
    return Math.min(baseSize, this.#effectiveCut() ?? baseSize)
  }

  #grow(end: number): void {
    if (this.#size !== undefined) this.#size = Math.max(this.#size, end)
  }

  #nextGeneration(): void {
    this.#generation++
    this.#chunks.seal()
    this.#openRun = undefined
  }

  #endFlight(snapshot: SaveSnapshot): Flight {
    const flight = this.#flight
    if (flight?.snapshot !== snapshot) throw new Error('not the snapshot that is being saved')
    this.#flight = undefined
    return flight
  }

  /** The run that an append at `start` belongs to: the one that ends there, or a new one. */
  #runAt(start: number): OrderedRun {
    if (this.#openRun?.end === start) return this.#openRun.run
    const floor = Math.max(
      this.#size ?? 0,
      this.#sizeMin,
      this.#reach((range) => !range.run),
    )
    return { floor, order: this.#runsBegun++ }
  }

  /** Where the last change that makes the file longer ends. */
  #reach(counts: (range: Dirty) => boolean = () => true): number {
    for (let i = -1; ; i--) {
      const range = this.#ranges.at(i)
      if (!range) return 0
      if (range.grows && counts(range)) return range.end
    }
  }

  /** Frees the chunks that neither a change nor the snapshot under way needs. */
  #sweep(): void {
    if (this.#ranges.size === 0) this.#chunks.seal()
    this.#chunks.sweep(this.#ranges.values(), this.#flight?.ranges ?? [])
  }
}
