// Answers a change before it is committed: checks it against all that is shown here, writes it to the journal,
// and asks once more whether it may be answered, because the lease may have been lost meanwhile.

import type { EarlyAnswers } from './early-answers.js'
import type { Member } from './member.js'
import type { Touched } from './overlay.js'
import type { Pending } from './pending.js'
import type { Rules } from './replica.js'
import type { ReplicaLogger } from './replica-options.js'
import { type Step, stepOf } from './step.js'
import type { WriteLeaseKeeper } from './write-lease.js'

export interface AnswerEarlyContext<Intent> {
  readonly rules: Rules<Intent>
  readonly logger: ReplicaLogger
  readonly pending: Pending<Intent>
  readonly early: EarlyAnswers<Intent>
  readonly lease: WriteLeaseKeeper
}

/** `member` undefined: it changes nothing. */
export interface Answered<Intent> {
  readonly kind: 'done'
  readonly value: unknown
  readonly member?: Member<Intent>
}

export class AnswerEarly<Intent> {
  /** Changes answered so far. */
  count = 0
  readonly #context: AnswerEarlyContext<Intent>

  constructor(context: AnswerEarlyContext<Intent>) {
    this.#context = context
  }

  /** Whether it is worth trying: nobody may wait before it. */
  get isPossible(): boolean {
    return this.#context.pending.waiting === 0 && this.#mayAnswer(false)
  }

  /**
   * Where it may not be answered it waits for its commit: `member`, which may stand in the journal all the
   * same. Throws FsError where a check fails, PrepareAgain.
   */
  answer(member: Member<Intent>): Answered<Intent> | undefined {
    const { rules, pending, early } = this.#context
    const overlay = pending.earlyDraft()
    overlay.begin()
    let done: { value: unknown; touched: Touched; step: Step | undefined }
    try {
      const value = rules.apply(member.intent, overlay)
      done = overlay.endWith((touched) => ({ value, touched, step: stepOf(overlay, touched) }))
    } catch (error) {
      overlay.rollback()
      throw error
    }
    const { value, touched, step } = done
    if (touched.inodes.size + touched.dirents.length === 0) return { kind: 'done', value }
    const fits = !step || early.fits(step, pending.early)
    if (!fits || !this.#journal(member, touched)) {
      overlay.rollback()
      return undefined
    }
    this.count++
    pending.answer(member, step)
    return { kind: 'done', value, member }
  }

  /** Whether it stands in the journal, and may be answered. */
  #journal(member: Member<Intent>, touched: Touched): boolean {
    const { early, lease, logger } = this.#context
    try {
      if (!early.append(member, touched, lease.grantSeq)) return false
      return lease.trustsFirstLook || this.#mayAnswer(true)
    } catch (error) {
      logger.error('a change cannot be answered early', { error })
      return false
    }
  }

  #mayAnswer(isLast: boolean): boolean {
    const { pending, lease } = this.#context
    const { early, oldestEarlyMs: oldestMs } = pending
    return lease.mayAnswer({ bytes: early.bytes, oldestMs }, isLast)
  }
}
