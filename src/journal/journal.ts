// The journal of a process: the changes of a volume that it has answered before they were committed, in
// order. What is written here survives the end of the process, so that whoever opens the volume next on
// this machine carries on with it.

import type { Timespec } from '../volume/inode.js'
import type { AnsweredRequest } from '../volume/log-entry.js'
import type { Name } from '../volume/name.js'
import type { Uuid } from '../volume/record.js'

/**
 * What a change found when it was checked, of all that it is about to change: it may be carried out later
 * only if that is still so, or was made so by a change before it in the same journal.
 */
export interface Seen {
  /** The inode behind each name that it takes or replaces; 0: there was none. */
  readonly names: readonly { readonly parent: number; readonly name: Name; readonly ino: number }[]
  /** The ctime of each inode that it changes: every change of an inode moves that. */
  readonly inodes: readonly { readonly ino: number; readonly ctime: Timespec }[]
}

export interface JournalRecord {
  /** Counts up, in one journal, for ever. */
  readonly number: number
  /** Seq of the grant under which it was answered: tells which of two journals came first. */
  readonly grantSeq: number
  readonly seen: Seen
  /** As the rules encode it. */
  readonly intent: Uint8Array
  /** What the intent names by its hash: no checksum of the journal covers it. */
  readonly content: Uint8Array
  readonly answers: AnsweredRequest | undefined
}

/** A record to be written, its content in parts that follow on one another. */
export interface NewRecord extends Omit<JournalRecord, 'content'> {
  readonly content: readonly Uint8Array[]
}

/** The journal of this process. */
export interface Journal {
  readonly id: Uuid
  /** Bytes in its file. */
  readonly bytes: number
  /**
   * One write; from then on the record survives the end of this process. Throws FsError ENOSPC, EIO, ...:
   * then nothing of it is there.
   */
  append(record: NewRecord): void
  /**
   * Nobody needs its records any more: they go. `forGood`: they must not come back after a power cut, because
   * the volume will not tell that they were committed. Throws FsError.
   */
  clear(forGood: boolean): void
  /** Ends it; `isEmpty`: nothing in it is needed any more, and its file goes. */
  close(isEmpty: boolean): void
}

/** The journal of a process that has ended; locked, so that nobody else carries it on. */
export interface DeadJournal {
  readonly id: Uuid
  /** Up to the first that is damaged. */
  readonly records: readonly JournalRecord[]
  /** Why what is behind `records` cannot be read; undefined where nothing is. */
  readonly damage: string | undefined
  /** All its records are committed, or lost: its file goes, or is kept aside where asked or damaged. */
  remove(keepAside: boolean): void
  /** Somebody else may carry it on. */
  release(): void
}

/** The journals of one volume on this machine. */
export interface Journals {
  /** Begins the journal of this process. Throws FsError where none can be kept. */
  create(): Journal
  /** Takes those whose processes have ended, and nobody else has taken. Throws FsError. */
  takeDead(): DeadJournal[]
}
