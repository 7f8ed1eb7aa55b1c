// One change on its way: checked and queued, perhaps journaled and answered early, then part of a batch
// (perhaps of several, one after another, when others win the race), then committed.

import type { Seen } from '../journal/journal.js'
import type { FsError } from '../posix/errno.js'
import type { Hash } from '../volume/inode.js'
import type { AnsweredRequest } from '../volume/log-entry.js'
import type { Uuid } from '../volume/record.js'
import type { Step } from './step.js'

/** What the attempt under way came to; counts when its batch is in the log. */
export type Verdict =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }

/** Where a change stands in a journal. */
export interface Journaled {
  readonly journal: Uuid
  readonly number: number
  readonly seen: Seen
  /** Of its record. */
  readonly bytes: number
}

export class Member<Intent> {
  readonly intent: Intent
  readonly answers: AnsweredRequest | undefined
  /** When it was queued, by the monotonic clock. */
  readonly arrivedMs: number
  /** When its caller gets EIO at the latest; one that was answered early has none. */
  deadlineMs: number
  /** Settles when the change is committed, or failed. */
  readonly committed: Promise<unknown>
  journaled: Journaled | undefined
  /** What it does, as it was answered early; counts while `epoch` is that of Pending. */
  answered: { readonly step: Step | undefined; readonly epoch: number } | undefined
  /** Its caller was answered when it was journaled: it is in the volume for whoever asks here. */
  isEarly = false
  /** By a process that has ended: nobody here has been shown it. */
  isInherited = false
  verdict: Verdict | undefined
  /** Hashes that it begins to name, by the attempt under way. */
  begins: readonly Hash[] = []
  #settled = false
  #resolve!: (value: unknown) => void
  #reject!: (error: unknown) => void

  constructor(
    intent: Intent,
    answers: AnsweredRequest | undefined,
    arrivedMs: number,
    deadlineMs: number,
  ) {
    this.intent = intent
    this.answers = answers
    this.arrivedMs = arrivedMs
    this.deadlineMs = deadlineMs
    this.committed = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever made the change looks at it; this only keeps an early failure from being "unhandled".
    this.committed.catch(() => {})
  }

  /** Its caller is answered before it is committed: from now on nothing but a loss ends it. */
  answerEarly(): void {
    this.isEarly = true
    this.deadlineMs = Number.POSITIVE_INFINITY
  }

  /** Its end is known: it must not be tried again. */
  get settled(): boolean {
    return this.#settled
  }

  /** Its batch is in the log (or needed none): the verdict counts. */
  settle(): void {
    if (this.#settled || !this.verdict) return
    this.#settled = true
    if (this.verdict.kind === 'done') this.#resolve(this.verdict.value)
    else this.#reject(this.verdict.error)
  }

  fail(error: FsError): void {
    if (this.#settled) return
    this.#settled = true
    this.#reject(error)
  }
}
