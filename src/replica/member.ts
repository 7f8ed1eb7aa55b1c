// One change on its way: checked and queued, then part of a batch (perhaps of several, one after
// another, when others win the race), then answered, once.

import type { FsError } from '../posix/errno.js'
import type { Hash } from '../volume/inode.js'
import type { AnsweredRequest } from '../volume/log-entry.js'

/** What the attempt under way came to; counts when its batch is in the log. */
export type Verdict =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }

export class Member<Intent> {
  readonly intent: Intent
  readonly answers: AnsweredRequest | undefined
  /** When its caller gets EIO at the latest, by the monotonic clock. */
  deadlineMs: number
  /** Settles when the change may be answered because it is committed, or failed. */
  readonly committed: Promise<unknown>
  verdict: Verdict | undefined
  /** Hashes that it begins to name, by the attempt under way. */
  begins: readonly Hash[] = []
  #answered = false
  #resolve!: (value: unknown) => void
  #reject!: (error: unknown) => void

  constructor(intent: Intent, answers: AnsweredRequest | undefined, deadlineMs: number) {
    this.intent = intent
    this.answers = answers
    this.deadlineMs = deadlineMs
    this.committed = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever made the change looks at it; this only keeps an early failure from being "unhandled".
    this.committed.catch(() => {})
  }

  /** True once its caller knows: it must not be tried again. */
  get answered(): boolean {
    return this.#answered
  }

  /** Its batch is in the log (or needed none): the verdict counts. */
  settle(): void {
    if (this.#answered || !this.verdict) return
    this.#answered = true
    if (this.verdict.kind === 'done') this.#resolve(this.verdict.value)
    else this.#reject(this.verdict.error)
  }

  fail(error: FsError): void {
    if (this.#answered) return
    this.#answered = true
    this.#reject(error)
  }
}
