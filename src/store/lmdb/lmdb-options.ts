// How an embedded store is opened.

export interface LmdbOptions {
  /** Made if it is not there. */
  readonly directory: string
  /** How long a transaction may wait for the disk before its outcome counts as unknown. */
  readonly syncTimeoutMs?: number
  /** Milliseconds since 1970; tests hand in their own. */
  readonly nowMs?: () => number
  /** Told of failures of the housekeeping, which nobody waits for. */
  readonly onError?: (error: Error) => void
  /** Default true. Without, it is left as it is but for what is asked of it: for who only looks. */
  readonly housekeeping?: boolean
}
