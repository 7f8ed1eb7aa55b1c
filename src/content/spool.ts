// The unsaved changes of one inode, over whatever version of it is committed: byte ranges, holes, sizes
// that were set, and bytes appended. It answers at once, never waits for an old block, and knows
// neither the store nor blocks. Where its bytes lie (memory, then a local file) is spool-storage.ts.
//
// Offsets are those that were shown to the program. Appended bytes go to the end that the file has when
// they are saved, so their offsets may change then.

import type { SaveResult } from './content.js'

/** Bytes appended one behind the other: they are saved as one piece at the newest end of the file. */
export interface AppendRun {
  /** The end that this spool's own changes gave the file before: the run never goes before it. */
  readonly floor: number
}

/** One change in a snapshot, at the offsets that were shown. */
export interface SnapshotRange {
  readonly start: number
  readonly end: number
  /** Zeros that take no room; else bytes, which `SaveSnapshot.copy` has. */
  readonly hole: boolean
  /** The file reaches to `end` at least: all bytes, and holes where the spool's bytes had reached. */
  readonly grows: boolean
  /** The run of appended bytes that this range belongs to. */
  readonly run: AppendRun | undefined
  /** Of a run: the file was cut here after these bytes were appended, wherever they went. */
  readonly limit: number | undefined
}

/** What a save takes in one tick; does not change while the spool goes on being written. */
export interface SaveSnapshot {
  /** The smallest size set since the base: what the base has behind it is gone. */
  readonly cut: number | undefined
  /** The size, only if it was set by truncate, grown by later changes. */
  readonly size: number | undefined
  /** The file is at least this long (fallocate). */
  readonly sizeMin: number
  /** By offset, not overlapping. */
  readonly ranges: readonly SnapshotRange[]
  /** The runs that `ranges` belong to, in the order in which they began. */
  readonly runs: readonly AppendRun[]
  /** Bytes in all ranges that are no holes. */
  readonly bytes: number
  /** Copies the snapshot's bytes [offset, offset + target.length), all within one range, as shown. */
  copy(offset: number, target: Buffer): void
}

/** A part of what a reader sees, in order and without gaps. */
export interface SpoolPiece {
  /** `bytes`: Spool.copy has them. `stored`: not changed here, as in the committed content. */
  readonly kind: 'bytes' | 'zeros' | 'stored'
  readonly offset: number
  readonly length: number
}

/**
 * `baseSize` is everywhere the size of the newest committed version that the caller sees. Every method
 * works in one tick. FsError ENOSPC, EIO, ... of the local disk reach whoever writes; nothing that was
 * accepted earlier is lost by that.
 */
export interface Spool {
  /** There is something that is not committed, be it on its way. */
  readonly dirty: boolean
  /** A snapshot has been cut whose outcome has not been told. */
  readonly saving: boolean
  /** Unsaved bytes. */
  readonly bytes: number
  /** The size that a reader sees. */
  size(baseSize: number): number
  /**
   * Takes a copy of `data`; answers the offset where it went: `offset`, or the file's end with
   * `append`.
   */
  write(offset: number, data: Uint8Array, baseSize: number, append?: boolean): number
  /**
   * A page that the kernel writes back from a mapping: never makes the file longer, and only bytes that
   * differ from `shown` are changes. `shown` is what a reader sees at [offset, ...) now.
   */
  writeMapped(offset: number, data: Uint8Array, baseSize: number, shown: readonly Buffer[]): void
  /** truncate(2), to any size. */
  truncate(size: number): void
  /** fallocate(2): the file is at least this long from now on. */
  allocate(size: number): void
  /** [start, end) reads as zeros and takes no room; clamped to the size, which stays. */
  punch(start: number, end: number, baseSize: number): void
  /** What a reader sees of [offset, offset + length), clamped to the size. */
  layout(offset: number, length: number, baseSize: number): SpoolPiece[]
  /** A copy of [offset, offset + length), which must lie within a piece of kind `bytes`. */
  copy(offset: number, length: number): Buffer
  /**
   * Everything unsaved, for a save. One snapshot at a time: throws Error while `saving`. Its outcome
   * must be told by `saved` or `failed`.
   */
  cut(): SaveSnapshot
  /**
   * The snapshot is committed. What was changed again since stays unsaved; where appended bytes moved,
   * later changes inside them move too.
   */
  saved(snapshot: SaveSnapshot, result: SaveResult): void
  /** The snapshot is not committed and will not be: everything in it is unsaved as before. */
  failed(snapshot: SaveSnapshot): void
  /** Forgets all unsaved changes; a snapshot still can be saved, and its outcome must be told. */
  discard(): void
  /** Gives up memory and disk. Nothing may be called afterwards. */
  close(): void
}
