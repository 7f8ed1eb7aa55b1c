// A mount's replica of one volume: answers reads from its own copy, synchronously, follows the log, and
// takes changes as intents that are checked here and committed to the log by the pipeline. It knows
// inodes, names and order; what a rename is, is told by `Rules` from above.

import type { NewRecord } from '../journal/journal.js'
import type { Inode } from '../volume/inode.js'
import type { AnsweredRequest } from '../volume/log-entry.js'
import type { Name } from '../volume/name.js'
import type { Uuid } from '../volume/record.js'
import type { Draft, Namespace } from './namespace.js'

/**
 * What intents mean; handed in by the vfs. Intents are plain data, so that they can be journaled, and
 * are applied anew at every attempt: names and inodes may have changed since they were made.
 */
export interface Rules<Intent> {
  /**
   * What has to wait for the store before the intent can be applied (read, hash, upload blocks). Runs
   * before the intent is queued, again when `apply` threw PrepareAgain, and again when the store
   * misses blocks. Undefined: nothing to wait for. What it made is kept in the intent's own transient
   * fields.
   */
  prepare(intent: Intent, namespace: Namespace, why: Preparing): Promise<void> | undefined
  /**
   * All checks and all effects, against `draft` as it is now. Throws FsError with the errno of a
   * failed check (the draft is rolled back), or PrepareAgain. Deterministic: everything random, and
   * the time, stands in the intent.
   */
  apply(intent: Intent, draft: Draft): unknown
  /** What `apply` has answered for an intent that is done already, told by what is there now. Throws FsError. */
  replyAgain?(intent: Intent, namespace: Pick<Namespace, 'inode' | 'lookup'>): unknown
  /**
   * What must be in the store before the intent may be committed, and is not yet: a promise that rejects
   * where it cannot be had there now. Asked again for every attempt. `isAnswered`: the change was answered
   * already, so on a full disk it gets what is kept for that.
   */
  upload?(intent: Intent, isAnswered: boolean): Promise<void> | undefined
  /** Whether `upload` has nothing to do, without doing it. */
  isStored?(intent: Intent): boolean
  /** Nothing more will be done with it: it is committed, or failed, or lost. */
  ended?(intent: Intent): void
  /** How intents stand in a journal; without it nothing is answered before it is committed. */
  readonly journal?: {
    /** As NewRecord has it, good until the next call. Undefined: this one cannot stand in a journal. */
    encode(intent: Intent): Pick<NewRecord, 'intent' | 'content'> | undefined
    /** Throws where they are no intent, or the content is not what the intent names. */
    decode(intent: Uint8Array, content: Uint8Array): Intent
    /** One that was decoded will be carried on: the content that it has made can be read from now on. */
    hold?(intent: Intent): void
  }
}

export interface Preparing {
  /** Blocks that the store turned out to miss. */
  readonly missing?: ReadonlySet<string>
  /** It is likely to be answered before it is committed: what can be done at once is worth it. */
  readonly isEarly?: boolean
}

/** Thrown by `apply` where what `prepare` made does not fit any more. */
export class PrepareAgain extends Error {
  override readonly name: string = 'PrepareAgain'
}

/** Thrown by reads of a volume that is still being loaded: load what it names, then read again. */
export class NotLoaded extends PrepareAgain {
  /** The entries of this directory; undefined: the whole volume. */
  readonly directory: number | undefined

  constructor(directory: number | undefined) {
    super()
    this.directory = directory
  }
}

/** What other mounts did (or a conflict or reload brought to light), told once it is visible here. */
export interface ForeignChange {
  /** Names that now mean another inode than before (0 = none, or not known here any more). */
  readonly names: readonly {
    readonly parent: number
    readonly name: Name
    readonly before: number
    readonly after: number
    /** `before` or `after` is a directory. */
    readonly directory: boolean
  }[]
  /** Inodes whose attributes changed; `content` tells that their bytes may have changed too. */
  readonly inodes: readonly { readonly ino: number; readonly content: boolean }[]
  /** Inodes that lost their last name, as they were: who holds one open goes on with it. */
  readonly removed: readonly Inode[]
  /** The whole copy was discarded and loaded anew; the lists above are complete all the same. */
  readonly reloaded: boolean
}

/** `now` is the namespace as the log has it, without what is merely answered; good for this call. */
export type LogListener = (change: ForeignChange, now: Namespace) => void

export type ReplicaState =
  | 'live'
  /** The store does not answer: reads go on, changes fail at once, a probe ends it. */
  | 'offline'
  /** The volume takes no changes (frozen, moved, deleting, or an entry of an unknown kind). */
  | 'frozen'
  | 'closed'

/** What was answered, and is not committed yet. */
export interface EarlyStatus {
  readonly lease: 'none' | 'held' | 'recalled' | 'foreign'
  /** The process that has the write lease; undefined: none has. */
  readonly holder: Uuid | undefined
  readonly journalBytes: number
  /** Changes answered early since the start. */
  readonly answered: number
  readonly uncommitted: number
  readonly uncommittedBytes: number
  readonly oldestMs: number
  /** Answered, and lost to another mount's changes. */
  readonly lost: number
  readonly grants: number
  readonly recalls: number
  readonly releases: number
  readonly takes: number
}

export interface ReplicaStatus {
  readonly state: ReplicaState
  readonly seq: number
  readonly inodes: number
  readonly queued: number
  readonly inFlight: boolean
  readonly commits: number
  readonly changes: number
  readonly conflicts: number
  readonly unknownOutcomes: number
  readonly voids: number
  readonly reloads: number
  readonly polls: number
  readonly early: EarlyStatus
  /** While a large volume is loaded behind: how many of its records have come so far. */
  readonly loading?: { readonly records: number }
  /** Milliseconds since the last successful contact with the store. */
  readonly contactAgeMs: number
}

export interface ChangeOptions {
  readonly answers?: AnsweredRequest
}

/**
 * As a Namespace it shows what has been answered: committed changes, of this mount and of others, and
 * those of this process that stand in its journal.
 * Reads are synchronous; call `ready` first. While a large volume is still being loaded they may throw
 * NotLoaded: `loadDirectory`, then begin anew.
 */
export interface Replica<Intent> extends Namespace {
  /**
   * Undefined (nearly always): answer at once. Else the replica must first catch up with the log
   * (after idling, or a stop of the process). Where the store does not answer then, it resolves all
   * the same and reads go on from what is here.
   */
  ready(): Promise<void> | undefined
  /** The volume is still being loaded. */
  readonly isLoading: boolean
  /**
   * Waits for what a read missed while `isLoading`. Rejects with FsError EIO where the store does not
   * answer, or after the time that a change may take: it is loaded on meanwhile.
   */
  load(missed: NotLoaded): Promise<void>
  /** Throws what every change would get now, without being looked at: FsError EROFS, ESTALE, EIO. */
  checkChangeable(): void
  /**
   * A change. Checked at once against what is here and all that is queued before it (throws FsError),
   * then queued, then committed. Answers what `Rules.apply` returned at the attempt that counted: at once
   * where this process has the write lease and the change stands in its journal, else when it is
   * committed. Rejects with FsError: the errno of a check
   * that fails on replay, EIO after the deadline (15 s) or while offline, EROFS, ESTALE.
   */
  change(intent: Intent, options?: ChangeOptions): unknown | Promise<unknown>
  /** Resolves when everything changed before this call is committed; rejects EIO where it cannot be. */
  settled(): Promise<void>
  /** A new inode number; a promise only while a new range is being leased. */
  allocateIno(): number | Promise<number>
  /** Follow the log to its end now (one poll is shared by all who ask meanwhile). */
  poll(): Promise<void>
  /**
   * As `poll`, and what other processes have answered before they committed it is here too: their write
   * lease is recalled for it.
   */
  pollAnswered(): Promise<void>
  onForeignChange(listener: (change: ForeignChange) => void): void
  /**
   * Told of what every entry of the log changed, this process' own too, in the order of the log; the changes
   * of entries that come together are told as one. Answers what ends it. Meanwhile the log is followed as
   * if somebody used the volume.
   */
  onLog(listener: LogListener): () => void
  status(): ReplicaStatus
  /** Commits what is queued (bounded by `deadlineMs`), gives up the session, stops following. */
  close(deadlineMs: number): Promise<void>
}
