// Three steps on which "applied exactly once, and everybody agrees" rests, each a function, so that the
// simulation can replace one by a broken one and show that it notices. Nothing else replaces them.

import type { Commit } from '../store/store.js'
import type { Head } from '../volume/head.js'
import type { LogEntry } from '../volume/log-entry.js'
import { mergeWrites, type RecordChanges, type RecordWrite } from './records.js'

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
}

export const protocol: Protocol = {
  resend: (commit) => commit,
  continues: (head, entry) => entry.previousRequest === head.request,
  merge: mergeWrites,
}
