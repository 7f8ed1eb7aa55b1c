// A volume's records in order, read synchronously: the shape shared by the embedded engine and by a
// replica's own copy. What the values mean is for src/volume's codecs, but for one thing: the inode
// number a dirent begins with, because the tables keep an index inode -> names.

import type { Head } from '../volume/head.js'
import type { Name } from '../volume/name.js'
import type { Key, RecordKind, VolumeRecord } from '../volume/record.js'

export interface Tables {
  /**
   * Makes the reads that follow, up to the end of this synchronous run (no `await` between), see one
   * state: the newest, with every commit of this and other processes that had ended before the first
   * of them. Without it, reads in one turn of the event loop may still see the state in which its
   * first read was made. Absent where reads always see the newest state (memory).
   */
  refresh?(): void
  /** The head as of now, or undefined where the volume does not exist. */
  head(): Head | undefined
  get(kind: RecordKind, parent: number, name: Name): Uint8Array | undefined
  /** Dirents of one directory in name order, behind `after`, at most `limit`. */
  list(parent: number, after: Name | undefined, limit: number): VolumeRecord[]
  /** Every name of an inode, in no particular order. */
  names(ino: number): { parent: number; name: Name }[]
  /** No inode has a higher number; 0 where there is none. One that has had it may be gone. */
  highestIno(): number
  /** How many dirents and inode records there are. */
  count(): number
}

/** Tables that their owner writes: the memory engine's, and a replica's copy. */
export interface WritableTables extends Tables {
  /** Carries out one entry's records and sets the head, as one step (deletes before puts). */
  apply(puts: readonly VolumeRecord[], deletes: readonly Key[], head: Head): void
  /** Some of the records of a volume that is being loaded: the head stays. */
  load(records: readonly VolumeRecord[]): void
}
