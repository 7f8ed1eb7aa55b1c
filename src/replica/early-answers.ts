// Answers before the commit: the journal of this process, opened when it is first wished for, and what is
// carried on of processes that have ended. A change is journaled with one write, and then asked once more
// whether it may be answered: the lease may have been lost meanwhile.

import type { DeadJournal, Journal, Journals } from '../journal/journal.js'
import type { Store } from '../store/store.js'
import type { Uuid } from '../volume/record.js'
import type { Committed } from './committed.js'
import type { Member } from './member.js'
import type { Touched } from './overlay.js'
import type { Redelivered } from './redelivered.js'
import type { Rules } from './replica.js'
import type { ReplicaLogger } from './replica-options.js'
import { seenBy } from './seen.js'
import type { Step } from './step.js'

/** An empty journal is cut to nothing where it has grown to this. */
const clearAtBytes = 4 * 2 ** 20
/** Nothing is journaled in a file that is larger, until it is empty. */
const journalBytesMax = 128 * 2 ** 20
/** So much must stay free of what is answered early: a full disk is told to whoever fills it. */
const reserveBytes = 16 * 2 ** 20
/** What a change may need on the store's disk besides its bytes: a handful of pages written anew. */
const changeBytes = 16 * 1024
/** For what stands beside the blocks: the entry, manifests, attributes. */
const marginBytes = 512 * 1024

export interface EarlyAnswersContext<Intent> {
  readonly journals: Journals | undefined
  readonly rules: Rules<Intent>
  /** Whether anything is answered early here, or only what others left is carried on. */
  readonly writeLease: boolean
  /** As ReplicaOptions.freeBytes. */
  readonly freeBytes: () => number | undefined
  readonly store: Pick<Store, 'keptForAnswered'>
  readonly redelivered: Redelivered
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
  readonly #aside = new Set<Uuid>()
  readonly #taken: DeadJournal[] = []
  #journal: Journal | undefined
  /** Of a process that has ended, carried on to its end: only this file tells that nobody has the lease. */
  #leased: Uuid | undefined
  #isUnusable = false
  /** The last record could not be written. */
  #isFull = false
  #isClosed = false
  #number = 0

  constructor(context: EarlyAnswersContext<Intent>) {
    this.#context = context
  }

  get isPossible(): boolean {
    const { journals, rules, writeLease } = this.#context
    return writeLease && journals !== undefined && rules.journal !== undefined
  }

  get bytes(): number {
    return this.#journal?.bytes ?? 0
  }

  /** The journal to ask for the lease with; undefined where none can be kept. */
  open(): Uuid | undefined {
    const { journals, logger } = this.#context
    if (this.#journal) return this.#journal.id
    if (!this.isPossible || this.#isUnusable) return undefined
    // More than nothing should be kept when the lease has come.
    this.#context.store.keptForAnswered?.()
    try {
      this.#journal = journals?.create()
      return this.#journal?.id
    } catch (error) {
      this.#isUnusable = true
      logger.warn('no journal can be kept: every change waits for its commit', { error })
      return undefined
    }
  }

  /**
   * Whether there is room for what it makes once all that is `uncommitted` has been stored: free now, and kept
   * by the store, should somebody else take what is free.
   */
  fits(
    { begins, added, inodes }: Step,
    uncommitted: { readonly count: number; readonly bytes: number },
  ): boolean {
    if (begins.length === 0 && added.inodes <= 0) return true
    const { freeBytes, store } = this.#context
    const free = freeBytes()
    if (free !== undefined && free < 2 * uncommitted.bytes + reserveBytes) return false
    const kept = store.keptForAnswered?.()
    if (kept === undefined) return true
    // The blocks of a file that are new are no longer than the file.
    const made =
      begins.length === 0 ? 0 : inodes.reduce((sum, one) => sum + (one.after?.size ?? 0), 0)
    const needed = uncommitted.bytes + uncommitted.count * changeBytes + made + marginBytes
    return needed <= kept
  }

  /** False: it does not stand in the journal, and has to wait for its commit. */
  append(member: Member<Intent>, touched: Touched, grantSeq: number): boolean {
    const { rules, logger } = this.#context
    const journal = this.#journal
    if (!journal || journal.bytes > journalBytesMax) return false
    const encoded = rules.journal?.encode(member.intent)
    if (!encoded) return false
    const seen = seenBy(touched)
    const before = journal.bytes
    const number = this.#number + 1
    try {
      journal.append({ number, grantSeq, seen, ...encoded, answers: member.answers })
      this.#isFull = false
    } catch (error) {
      const what = 'a change cannot be journaled: it waits for its commit, as may those that follow'
      if (!this.#isFull) logger.warn(what, { error })
      this.#isFull = true
      return false
    }
    this.#number = number
    member.journaled = { journal: journal.id, number, seen, bytes: journal.bytes - before }
    return true
  }

  /** Everything that stands in it is committed, or lost. */
  drained(): void {
    // The volume tells that its records are committed: where this fails they only take room.
    if (this.#isFull || this.bytes >= clearAtBytes) this.#clear(false)
  }

  /** Takes the journals of processes that have ended; true where there is something in them. */
  takeDead(): boolean {
    const { journals, rules, logger } = this.#context
    if (!journals || !rules.journal) return false
    try {
      for (const one of journals.takeDead()) {
        this.#taken.push(one)
        this.#dead.set(one.id, one)
        if (one.damage) this.#reportDamage(one, one.damage)
      }
    } catch (error) {
      logger.error('the journals of earlier processes cannot be read', { error })
    }
    return this.#taken.some(({ records }) => records.length > 0)
  }

  /** Carries on everything that was taken; answers when each change is committed. */
  carryOn(
    committed: Committed,
    to: { begin(journal: Uuid): void; add(one: Inherited<Intent>): Promise<unknown> },
  ): Promise<unknown>[] {
    this.takeDead()
    const all: Promise<unknown>[] = []
    for (const dead of this.#untilNow()) {
      to.begin(dead.id)
      const rest = this.#inherited(dead, committed.journalNumber(dead.id), committed.head.seq)
      const ends = rest.map((one) => {
        const committed = to.add(one)
        this.#context.redelivered.note(one.answers, committed)
        return committed
      })
      const fields = { journal: dead.id, changes: rest.length }
      if (rest.length > 0)
        this.#context.logger.info('changes of a process that has ended are carried on', fields)
      Promise.allSettled(ends).then(() => {
        if (this.#isClosed) return
        if (committed.head.lease?.journal === dead.id) this.#leased = dead.id
        else this.#finish(dead.id)
      })
      all.push(...ends)
    }
    return all
  }

  #untilNow(): DeadJournal[] {
    const order = (one: DeadJournal): number => one.records.at(-1)?.grantSeq ?? 0
    return this.#taken.splice(0).sort((a, b) => order(a) - order(b))
  }

  /**
   * What of a dead journal is still to be committed, `committed` being its last number that is, and `seq`
   * the newest entry of the volume. What cannot be read, or was answered in a history that the store does
   * not have any more, is kept aside with all that comes behind it.
   */
  #inherited(journal: DeadJournal, committed: number, seq: number): Inherited<Intent>[] {
    const { rules, redelivered } = this.#context
    const rest: Inherited<Intent>[] = []
    for (const { number, grantSeq, seen, intent, content, answers } of journal.records) {
      try {
        const isWanted = number > committed
        if (isWanted && grantSeq > seq)
          throw new Error(`it was answered at ${grantSeq}, the volume is at ${seq}`)
        const decoded = rules.journal?.decode(intent, content)
        if (!decoded) throw new Error('it cannot be read')
        // Read all the same: behind a record whose content is torn nothing can be believed.
        if (!isWanted) {
          redelivered.note(answers)
          continue
        }
        rules.journal?.hold?.(decoded)
        const bytes = intent.length + content.length
        const journaled = { journal: journal.id, number, seen, bytes }
        rest.push({ intent: decoded, journaled, answers })
      } catch (error) {
        this.#aside.add(journal.id)
        this.#reportDamage(journal, error, number)
        break
      }
    }
    return rest
  }

  /** The log shows whose the write lease is, by its journal. */
  meetLease(journal: Uuid | undefined): void {
    const leased = this.#leased
    if (leased === undefined || leased === journal) return
    this.#leased = undefined
    this.#finish(leased)
  }

  /** All changes of a dead process are committed, or lost. */
  #finish(journal: Uuid): void {
    const dead = this.#dead.get(journal)
    if (!dead) return
    this.#dead.delete(journal)
    try {
      dead.remove(this.#aside.has(journal))
      this.#stale.add(journal)
    } catch (error) {
      this.#context.logger.warn('the journal of an earlier process cannot be removed', { error })
      dead.release()
    }
  }

  /** What stands in it is committed, or was reported lost: nobody shall carry it on. */
  discard(): boolean {
    return this.#clear(true)
  }

  #clear(forGood: boolean): boolean {
    try {
      this.#journal?.clear(forGood)
      return true
    } catch (error) {
      this.#context.logger.warn('the journal cannot be emptied', { error })
      return false
    }
  }

  #reportDamage({ id, records }: DeadJournal, damage: unknown, number?: number): void {
    this.#context.logger.error('a journal cannot be carried on whole: the rest is kept aside', {
      journal: id,
      records: records.length,
      ...(number === undefined ? {} : { number }),
      damage,
    })
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
    if (this.discard()) this.#stale.add(this.#journal.id)
  }

  /** `isEmpty`: all that was answered is committed, and the lease is given back. */
  close(isEmpty: boolean): void {
    this.#isClosed = true
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
