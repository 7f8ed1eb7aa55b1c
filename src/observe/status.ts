// What a running mount tells of itself: plain objects, made synchronously, fit for JSON. The control
// socket hands them out, `cassfs status` shows them.

/** Named counts since the start, or sizes now; the name says which, and the unit comes last. */
export type Counts = Readonly<Record<string, number>>

/** How the store answers. */
export interface StoreStatus {
  /** `silent`: known not to answer; reads go on from what is here. */
  readonly state: 'answering' | 'silent'
  /** When that began, ISO 8601. */
  readonly since?: string
  readonly lastError?: string
}

/** The volume's write lease, and what was answered before it was committed. */
export interface LeaseStatus {
  /** `held`: by this mount, which may answer early; `foreign`: by another one. */
  readonly state: 'none' | 'held' | 'recalled' | 'foreign'
  /** Id of the process that has it. */
  readonly holder?: string
  readonly journalBytes: number
  readonly uncommittedChanges: number
  readonly uncommittedBytes: number
  readonly oldestUncommittedMs: number
  readonly lostChanges: number
}

/** What could not be stored and is kept in the rescue folder, of earlier mounts of the volume too. */
export interface RescueStatus {
  readonly folder: string
  readonly entries: number
  /** On disk. */
  readonly bytes: number
}

/** What a mount answers to `status`. */
export interface MountStatus {
  readonly mountpoint: string
  readonly owner: string
  readonly environment: string
  /** `lmdb` or `cassandra`. */
  readonly engine: string
  readonly readOnly: boolean
  /** Out of the tree: nobody new enters, what is open is served until it is closed. */
  readonly detached?: boolean
  readonly store?: StoreStatus
  /** Sequence number of the volume that this mount has seen. */
  readonly seq?: number
  /** While a large volume is still being loaded: how many of its names have come. */
  readonly loadedRecords?: number
  /** Changes that are checked and not yet committed. */
  readonly pendingChanges?: number
  readonly writeLease?: LeaseStatus
  /** Absent where there is nothing. */
  readonly rescue?: RescueStatus
  readonly usedBytes?: number
  readonly usedInodes?: number
  /** Requests of the kernel by operation, open handles, known inodes, cache hits, ... */
  readonly counts?: Readonly<Record<string, Counts>>
}
