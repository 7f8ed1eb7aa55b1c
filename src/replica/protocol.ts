// Four steps on which "applied exactly once, and everybody agrees" rests, each a function, so that the
// simulation can replace one by a broken one and show that it notices. Nothing else replaces them.

import type { Seen } from '../journal/journal.js'
import type { Commit } from '../store/store.js'
import type { Head } from '../volume/head.js'
import type { LogEntry } from '../volume/log-entry.js'
import type { Namespace } from './namespace.js'
import { mergeWrites, type RecordChanges, type RecordWrite } from './records.js'
import { isStillSo } from './seen.js'

export interface Protocol {
  /**
   * What is sent after an unknown outcome: the very same commit, so that its request id tells in the
   * log whether any attempt arrived. Undefined: nothing, it is voided at once.
   */
  resend(commit: Commit): Commit | undefined
  /** Whether an entry follows on what we have: else the store is not the one we knew. */
  continues(head: Head, entry: LogEntry): boolean
  /** One statement for each key. */
  merge(writes: readonly RecordWrite[]): RecordChanges
  /** Whether what an early answer rested on is as it was: else somebody took the lease and changed it. */
  isStillSo(seen: Seen, now: Namespace): boolean
}

export const protocol: Protocol = {
  resend: (commit) => commit,
  continues: (head, entry) => entry.previousRequest === head.request,
  merge: mergeWrites,
  isStillSo,
}
