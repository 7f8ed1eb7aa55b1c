// A volume is an ordered map of records; the key is (kind, parent, name). Every engine keeps the same
// records in the same order. Values are bytes made by the codecs beside this file.

import type { Name } from './name.js'

/** What a record is; the first part of its key, so records of one kind lie together. */
export const RecordKind = { head: 0, dirent: 1, inode: 2, journal: 3, log: 9 } as const
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind]

export interface Key {
  readonly kind: RecordKind
  /** Parent inode of a dirent, the inode of an inode record, the seq of a log entry, else 0. */
  readonly parent: number
  /** Name of a dirent, id of a journal, else empty. */
  readonly name: Name
}

export interface VolumeRecord extends Key {
  readonly value: Uint8Array
}

/** A new unique id (UUID v4 in its usual text form): of requests, volumes, owners, processes. */
export type Uuid = string
