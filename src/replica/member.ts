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
  /** Told once, when its end is known. */
  onEnd: (() => void) | undefined
  #end: End | undefined
  #committed: Committed | undefined

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
  }

  /** Settles when the change is committed, or failed. */
  get committed(): Promise<unknown> {
    this.#committed ??= newCommitted(this.#end)
    return this.#committed.promise
  }

  /** Its caller is answered before it is committed: from now on nothing but a loss ends it. */
  answerEarly(): void {
    this.isEarly = true
    this.deadlineMs = Number.POSITIVE_INFINITY
  }

  /** Its end is known: it must not be tried again. */
  get settled(): boolean {
    return this.#end !== undefined
  }

  /** Its batch is in the log (or needed none): the verdict counts. */
  settle(): void {
    if (!this.verdict) return
    const { verdict } = this
    this.#finish(verdict.kind === 'done' ? { value: verdict.value } : { error: verdict.error })
  }

  fail(error: FsError): void {
    this.#finish({ error })
  }

  #finish(end: End): void {
    if (this.#end) return
    this.#end = end
    this.#committed?.settle(end)
    this.onEnd?.()
  }
}

type End = { readonly value: unknown } | { readonly error: unknown }

/** Made for whoever asks: nobody waits for most of what was answered early. */
interface Committed {
  readonly promise: Promise<unknown>
  settle(end: End): void
}

function newCommitted(known: End | undefined): Committed {
  let settle!: (end: End) => void
  const promise = new Promise((resolve, reject) => {
    settle = (end) => ('error' in end ? reject(end.error) : resolve(end.value))
  })
  // Whoever made the change looks at it; this only keeps an early failure from being "unhandled".
  promise.catch(() => {})
  if (known) settle(known)
  return { promise, settle }
}
