// The one implementation of Spool: a map of ranges that point into chunks. Each snapshot ends a
// *generation*: what is written afterwards goes to chunks of the next one, so a snapshot's bytes stay
// as they are; and a range of an old generation that is still in the map when its snapshot is
// committed was not changed since, and is clean.

import { Errno, FsError } from '../posix/errno.js'
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
import { shiftRuns } from './place-snapshot.js'
import { RangeMap } from './range-map.js'
import type { AppendRun, SaveSnapshot, Spool, SpoolPiece } from './spool.js'
import { Pieces } from './spool-pieces.js'
import { type Chunk, chunkBytes, type MemoryAccount, type SpoolStorage } from './spool-storage.js'

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
  readonly #storage: SpoolStorage
  readonly #memory: MemoryAccount = { bytes: 0 }
  readonly #ranges = new RangeMap<Dirty>(dirtyRules)
  readonly #chunks = new Set<Chunk>()
  /** Chunks of this generation by the number of the stretch of the file that they hold. */
  readonly #pages = new Map<number, Chunk>()
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
    this.#storage = storage
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
    return (
      this.#size ??
      Math.max(
        baseSize,
        this.#sizeMin,
        this.#dataEnd(() => true),
      )
    )
  }

  write(offset: number, data: Uint8Array, baseSize: number, append = false): number {
    const start = append ? this.size(baseSize) : offset
    const end = start + data.length
    if (start === end) return start
    const run = append ? this.#runAt(start) : undefined
    this.#store(start, data, append ? () => run : (at) => this.#ranges.find(at)?.run)
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
    this.#cutRuns(size)
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
    for (const part of this.#byRun(start, last, (at) => this.#ranges.find(at)?.run))
      this.#ranges.set({ ...hole, ...part, grows: part.run !== undefined || part.end > baseSize })
  }

  layout(offset: number, length: number, baseSize: number): SpoolPiece[] {
    const end = Math.min(offset + length, this.size(baseSize))
    const storedEnd = Math.min(baseSize, this.#effectiveCut() ?? baseSize)
    const pieces = new Pieces(offset, storedEnd)
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
      this.#ranges.replaceAll(left)
      if (left.some((range) => range.run)) this.#moveRuns(left, result)
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

  #grow(end: number): void {
    if (this.#size !== undefined) this.#size = Math.max(this.#size, end)
  }

  #nextGeneration(): void {
    this.#generation++
    this.#pages.clear()
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
      this.#dataEnd((range) => !range.run),
    )
    return { floor, order: this.#runsBegun++ }
  }

  #dataEnd(counts: (range: Dirty) => boolean): number {
    for (let i = -1; ; i--) {
      const range = this.#ranges.at(i)
      if (!range) return 0
      if (range.grows && counts(range)) return range.end
    }
  }

  /** All chunks that can fail for want of room are written first: a failed write changes nothing. */
  #store(start: number, data: Uint8Array, runAt: (offset: number) => AppendRun | undefined): void {
    const end = start + data.length
    const fresh: (() => void)[] = []
    const over: (() => void)[] = []
    for (let from = start; from < end; ) {
      const page = Math.floor(from / chunkBytes)
      const to = Math.min(end, (page + 1) * chunkBytes)
      const part = data.subarray(from - start, to - start)
      const at = from - page * chunkBytes
      const chunk = this.#pages.get(page)
      const used = chunk && this.#ranges.overlapping(from, to).some((old) => old.chunk === chunk)
      const list = used ? over : fresh
      list.push(() => this.#chunk(page).write(at, part))
      from = to
    }
    for (const write of fresh) write()
    for (const write of over) write()
    for (const part of this.#byRun(start, end, runAt)) this.#lay(part)
  }

  #lay(part: Pick<Dirty, 'start' | 'end' | 'run' | 'limit'>): void {
    const { run, limit } = part
    const generation = this.#generation
    for (let from = part.start; from < part.end; ) {
      const page = Math.floor(from / chunkBytes)
      const to = Math.min(part.end, (page + 1) * chunkBytes)
      const chunk = this.#chunk(page)
      const at = from - page * chunkBytes
      const place = { start: from, end: to, chunk, at }
      this.#ranges.set({ ...place, hole: false, grows: true, run, limit, generation })
      from = to
    }
  }

  #chunk(page: number): Chunk {
    let chunk = this.#pages.get(page)
    if (!chunk) {
      chunk = this.#storage.chunk(this.#memory)
      this.#pages.set(page, chunk)
      this.#chunks.add(chunk)
    }
    return chunk
  }

  /**
   * [start, end) in parts of one run each. A write that begins inside a run of appended bytes belongs
   * to it as a whole; one that begins before it does from there on.
   */
  #byRun(
    start: number,
    end: number,
    runAt: (offset: number) => AppendRun | undefined,
  ): Pick<Dirty, 'start' | 'end' | 'run' | 'limit'>[] {
    const borders = this.#ranges
      .overlapping(start, end)
      .flatMap((range) => (range.run ? [range] : []))
    const parts: { start: number; end: number; run: AppendRun | undefined; limit: undefined }[] = []
    let run = runAt(start)
    let from = start
    for (const border of borders) {
      if (border.run === run || border.start <= from) continue
      parts.push({ start: from, end: border.start, run, limit: undefined })
      run = runAt(border.start)
      from = border.start
    }
    if (from < end) parts.push({ start: from, end, run, limit: undefined })
    return parts
  }

  /** What a truncation leaves of a run of appended bytes has its place from now on. */
  #cutRuns(size: number): void {
    const ranges = this.#ranges.all()
    const touched = new Set(ranges.map(({ run, end }) => (end > size ? run : undefined)))
    if (ranges.every(({ run }) => !run)) return
    this.#ranges.replaceAll(
      ranges.map((range) => {
        if (!range.run) return range
        if (touched.has(range.run)) return { ...range, run: undefined, limit: undefined }
        return { ...range, limit: Math.min(range.limit ?? size, size) }
      }),
    )
  }

  /** Later changes inside saved appended bytes go where those went; later appends behind them. */
  #moveRuns(left: readonly Dirty[], result: SaveResult): void {
    const waiting = left.filter(({ run }) => run && !result.shifts.has(run))
    const end = Math.min(result.size, this.#cut ?? result.size)
    const shifts = shiftRuns(waiting, runsOf(waiting), end)
    const moved = left.map((range) => {
      if (!range.run) return range
      const saved = result.shifts.get(range.run)
      const shift = saved ?? shifts.get(range.run) ?? 0
      const run = saved === undefined ? range.run : undefined
      return { ...range, run, start: range.start + shift, end: range.end + shift }
    })
    this.#ranges.replaceAll([])
    for (const range of moved) this.#ranges.set(range)
    // Where a range moved, its chunk is not that of its place in the file any more.
    this.#pages.clear()
    this.#openRun = undefined
  }

  /** Frees the chunks that neither a change nor the snapshot under way needs. */
  #sweep(): void {
    if (this.#ranges.size === 0) this.#pages.clear()
    const used = new Set<Chunk | undefined>(this.#pages.values())
    for (const range of this.#ranges.values()) used.add(range.chunk)
    for (const range of this.#flight?.ranges ?? []) used.add(range.chunk)
    for (const chunk of this.#chunks) {
      if (used.has(chunk)) continue
      this.#chunks.delete(chunk)
      chunk.free()
    }
  }
}
