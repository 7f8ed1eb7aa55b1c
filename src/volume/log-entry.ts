// One entry of a volume's log: everything another replica needs to be where the writer is.

import type { Head } from './head.js'
import type { Key, Uuid, VolumeRecord } from './record.js'

/** Kinds of entries; a mount that meets one it does not know stops changing the volume. */
export const EntryKind = {
  change: 1,
  /** Takes a seq and changes nothing: decides that an earlier request with this seq never happens. */
  void: 2,
  recall: 3,
  release: 4,
  take: 5,
  moved: 6,
  frozen: 7,
} as const
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind]

/** A kernel request that this entry answers: so that one redelivered after a crash is not done twice. */
export interface AnsweredRequest {
  readonly mount: Uuid
  /** FUSE `unique`, without bit 63. */
  readonly unique: number
}

export interface LogEntry {
  readonly seq: number
  readonly kind: EntryKind
  readonly request: Uuid
  /** Request id of the entry before: entries form a chain. */
  readonly previousRequest: Uuid
  /** The head after this entry (`head.seq` = `seq`, `head.request` = `request`). */
  readonly head: Head
  /** Whole new records, one per key; never the head and never a log entry. */
  readonly puts: readonly VolumeRecord[]
  /** Keys that go; none of them stands in `puts`. */
  readonly deletes: readonly Key[]
  readonly answers: readonly AnsweredRequest[]
}
