// Answers before the commit: the journal of this process, opened when it is first wished for, and what is
// carried on of processes that have ended. A change is journaled with one write, and then asked once more
// whether it may be answered: the lease may have been lost meanwhile.

import type { DeadJournal, Journal, Journals } from '../journal/journal.js'
import type { Uuid } from '../volume/record.js'
import type { Member } from './member.js'
import type { Touched } from './overlay.js'
import type { Rules } from './replica.js'
import type { ReplicaLogger } from './replica-options.js'
import { seenBy } from './seen.js'

/** An empty journal is cut to nothing where it has grown to this. */
const clearAtBytes = 4 * 2 ** 20
/** Nothing is journaled in a file that is larger, until it is empty. */
const journalBytesMax = 128 * 2 ** 20

export interface EarlyAnswersContext<Intent> {
  readonly journals: Journals | undefined
  readonly rules: Rules<Intent>
  readonly logger: ReplicaLogger
}

/** A change of a dead process that is still to be committed. */
export interface Inherited<Intent> {
  readonly intent: Intent
  readonly journaled: NonNullable<Member<Intent>['journaled']>
  readonly answers: Member<Intent>['answers']
}

export class EarlyAnswers<Intent> {
  readonly #context: EarlyAnswersContext<Intent>
  readonly #dead = new Map<Uuid, DeadJournal>()
  readonly #stale = new Set<Uuid>()
  #journal: Journal | undefined
  #isUnusable = false
  #number = 0

  constructor(context: EarlyAnswersContext<Intent>) {
    this.#context = context
  }

  get isPossible(): boolean {
    return this.#context.journals !== undefined && this.#context.rules.journal !== undefined
  }

  get bytes(): number {
    return this.#journal?.bytes ?? 0
  }

  /** The journal to ask for the lease with; undefined where none can be kept. */
  open(): Uuid | undefined {
    const { journals, logger } = this.#context
    if (this.#journal) return this.#journal.id
    if (!this.isPossible || this.#isUnusable) return undefined
    try {
      this.#journal = journals?.create()
      return this.#journal?.id
    } catch (error) {
      this.#isUnusable = true
      logger.warn('no journal can be kept: every change waits for its commit', { error })
      return undefined
    }
  }

  /** False: it does not stand in the journal, and has to wait for its commit. */
  append(member: Member<Intent>, touched: Touched, grantSeq: number): boolean {
    const { rules, logger } = this.#context
    const journal = this.#journal
    if (!journal || journal.bytes > journalBytesMax) return false
    const intent = rules.journal?.encode(member.intent)
    if (!intent) return false
    const seen = seenBy(touched)
    const before = journal.bytes
    const number = this.#number + 1
    try {
      journal.append({ number, grantSeq, seen, intent, answers: member.answers })
    } catch (error) {
      logger.warn('a change cannot be journaled: it waits for its commit', { error })
      return false
    }
    this.#number = number
    member.journaled = { journal: journal.id, number, seen, bytes: journal.bytes - before }
    return true
  }

  /** Everything that stands in it is committed, or lost. */
  drained(): void {
    if (this.bytes < clearAtBytes) return
    try {
      this.#journal?.clear()
    } catch (error) {
      // Its records are known to be committed: they only take room.
      this.#context.logger.warn('the journal cannot be emptied', { error })
    }
  }

  /** Takes the journals of processes that have ended, oldest grant first. */
  takeDead(): DeadJournal[] {
    const { journals, logger } = this.#context
    if (!journals || !this.isPossible) return []
    let dead: DeadJournal[]
    try {
      dead = journals.takeDead()
    } catch (error) {
      logger.error('the journals of earlier processes cannot be read', { error })
      return []
    }
    for (const one of dead) {
      this.#dead.set(one.id, one)
      if (one.damage)
        logger.error('a journal is damaged: what was answered behind this is kept aside', {
          journal: one.id,
          damage: one.damage,
          records: one.records.length,
        })
    }
    const order = (one: DeadJournal): number => one.records.at(-1)?.grantSeq ?? 0
    return dead.sort((a, b) => order(a) - order(b))
  }

  /** What of a dead journal is still to be committed, `committed` being its last number that is. */
  inherited(journal: DeadJournal, committed: number): Inherited<Intent>[] {
    const { rules, logger } = this.#context
    const rest: Inherited<Intent>[] = []
    for (const { number, seen, intent, answers } of journal.records)
      if (number > committed)
        try {
          const decoded = rules.journal?.decode(intent)
          if (!decoded) return rest
          const journaled = { journal: journal.id, number, seen, bytes: intent.length }
          rest.push({ intent: decoded, journaled, answers })
        } catch (error) {
          // Those behind it may rest on it: they are found out by what they saw.
          logger.error('a change in a journal cannot be read', {
            journal: journal.id,
            number,
            error,
          })
        }
    return rest
  }

  /** All changes of a dead process are committed, or lost. */
  finish(journal: Uuid): void {
    try {
      this.#dead.get(journal)?.remove()
      this.#stale.add(journal)
    } catch (error) {
      this.#context.logger.warn('the journal of an earlier process cannot be removed', { error })
    }
    this.#dead.delete(journal)
  }

  /** Journals that hold nothing more, and still have a record in the volume. */
  get stale(): Uuid[] {
    return [...this.#stale]
  }

  /** Their records are gone from the volume. */
  forget(journals: readonly Uuid[]): void {
    for (const journal of journals) this.#stale.delete(journal)
  }

  /** Before the last release: all that was answered is committed, and nothing more will be journaled. */
  leave(): void {
    if (!this.#journal || this.#number === 0) return
    try {
      this.#journal.clear()
      this.#stale.add(this.#journal.id)
    } catch (error) {
      this.#context.logger.warn('the journal cannot be emptied', { error })
    }
  }

  /** `isEmpty`: all that was answered is committed. */
  close(isEmpty: boolean): void {
    try {
      this.#journal?.close(isEmpty)
      for (const dead of this.#dead.values()) dead.release()
    } catch (error) {
      this.#context.logger.warn('the journal cannot be closed', { error })
    }
    this.#journal = undefined
    this.#dead.clear()
  }
}
