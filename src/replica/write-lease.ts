// The write lease of a volume: who may answer a change before it is committed. It stands in the volume's
// head, so the log decides it as it decides everything else. This file knows whether this process has it,
// whether it may still answer early, and what has to be done about the lease before the next change can be
// committed; the pipeline does it.
//
// A holder that cannot be reached loses it: whoever wants to write commits a recall, waits until the
// holder cannot be answering anything early any more, and takes it. The holder stops in time by its own
// clock, which must not stand still in suspend; no clocks are compared between machines.

import type { Clock } from '../volume/clock.js'
import type { Head, WriteLease } from '../volume/head.js'
import { EntryKind, type LogEntry } from '../volume/log-entry.js'
import type { Uuid } from '../volume/record.js'
import type { Committed } from './committed.js'
import { type Contact, momentOf } from './contact.js'
import { type LeaseRules, leaseRules, takeAfterMs } from './lease-rules.js'
import { LeaseWish } from './lease-wish.js'
import type { ReplicaLogger } from './replica-options.js'

/** Without a change for so long the holder gives it back. */
const idleMs = 5_000
/** Uncommitted at most, while anything is answered early: bytes of journal records, and age. */
const earlyBytesMax = 64 * 2 ** 20
const earlyAgeMsMax = 1_000

export interface WriteLeaseContext {
  readonly clock: Clock
  readonly committed: Committed
  readonly contact: Contact
  readonly processId: Uuid
  readonly logger: ReplicaLogger
  /** Whether the tables are ahead by nothing but an entry of this process, not yet answered. */
  readonly isAheadByOwn: () => boolean
  /** Whether an entry of this process is on its way, and may move the tables at any moment. */
  readonly mayHaveMoved: () => boolean
  /** Broken on purpose only by the simulation. */
  readonly rules?: Partial<LeaseRules>
}

/** What has to be done next. */
export type LeaseStep =
  /** Changes may be committed; `early`: only those that were answered early. */
  | { readonly kind: 'changes'; readonly only: 'all' | 'early' }
  | { readonly kind: 'entry'; readonly entry: LeaseEntry }
  /** Another process has it, and was asked to give it back. */
  | { readonly kind: 'wait' }

export type LeaseEntry = typeof EntryKind.recall | typeof EntryKind.release | typeof EntryKind.take

export type LeaseState =
  | 'none'
  /** This process may answer early. */
  | 'held'
  | 'recalled'
  /** Another process has it. */
  | 'foreign'

export class WriteLeaseKeeper {
  readonly #context: WriteLeaseContext
  readonly #rules: LeaseRules
  /** Journals of dead processes that this one has locked: their lease need not be waited for. */
  readonly #dead = new Set<Uuid>()
  #journal: Uuid | undefined
  #isReleasing = false
  #wantsRelease = false
  readonly #wish: LeaseWish
  #changedMs = 0
  #recall: { readonly seq: number; readonly learnedMs: number } | undefined
  #holderMs = Number.NEGATIVE_INFINITY
  readonly counts = { grants: 0, recalls: 0, releases: 0, takes: 0 }

  constructor(context: WriteLeaseContext) {
    this.#context = context
    this.#rules = { ...leaseRules, ...context.rules }
    this.#wish = new LeaseWish(() => this.#nowMs)
  }

  get state(): LeaseState {
    const lease = this.#lease
    if (!lease) return 'none'
    if (!this.isMine) return 'foreign'
    return lease.recallSeq > 0 ? 'recalled' : 'held'
  }

  /** Recalled or not: nobody else commits a change. */
  get isMine(): boolean {
    return this.holder === this.#context.processId
  }

  get holder(): Uuid | undefined {
    return this.#lease?.holder
  }

  get grantSeq(): number {
    return this.#lease?.grantSeq ?? 0
  }

  /** Answers are early into this journal from the next grant on. */
  set journal(id: Uuid | undefined) {
    this.#journal = id
  }

  /** The process that wrote this journal has ended, and nobody else carries it on. */
  addDead(journal: Uuid): void {
    this.#dead.add(journal)
  }

  /**
   * Whether a change may be answered before it is committed: asked before it is journaled, and once more
   * directly before its answer, which `isLast` tells. `early`: what is uncommitted already.
   */
  mayAnswer(
    early: { readonly bytes: number; readonly oldestMs: number | undefined },
    isLast: boolean,
  ): boolean {
    const { clock, committed, contact, isAheadByOwn } = this.#context
    if (!this.#mayHold || contact.isOffline) return false
    if (early.bytes > earlyBytesMax) return false
    if (early.oldestMs !== undefined && clock.monotonicMs() - early.oldestMs > earlyAgeMsMax)
      return false
    // Tables in this process say themselves whose lease it is.
    if (committed.source.kind === 'shared') {
      if (!isLast) return !committed.behind && this.#mayHold
      return (!committed.look.ifDue() || isAheadByOwn()) && this.#mayHold
    }
    return this.#rules.isInTime(this.#rules.age(momentOf(clock), contact.fresh))
  }

  /** Whether shared tables are where they were at `begunMs`: only this process could have moved them. */
  isLookGood(begunMs: number): boolean {
    if (!this.#mayHold || this.#context.mayHaveMoved()) return false
    return this.#rules.isLookGood(this.#nowMs - begunMs)
  }

  /** Only broken on purpose: what was so before the journal write counts behind it too. */
  get trustsFirstLook(): boolean {
    return !this.#rules.checksAgain
  }

  get #mayHold(): boolean {
    const lease = this.#lease
    if (!lease || !this.#isMine(lease) || lease.journal !== this.#journal) return false
    if (this.#isReleasing && !this.#rules.answersWhileReleasing) return false
    return lease.recallSeq === 0 || !this.#rules.holdsBack
  }

  /** What has to be done before the next change of this process, looked at for every attempt. */
  next(earlyCount: number, isFirst: boolean): LeaseStep {
    const lease = this.#lease
    if (!lease || (!isFirst && !this.#rules.looksAgain)) {
      this.#isReleasing = false
      return { kind: 'changes', only: 'all' }
    }
    if (this.#isMine(lease)) return this.#nextOfHolder(lease, earlyCount)
    this.#isReleasing = false
    if (this.#dead.has(lease.journal)) return { kind: 'entry', entry: EntryKind.take }
    if (lease.recallSeq === 0) return { kind: 'entry', entry: EntryKind.recall }
    this.#learn(lease)
    return this.#isOverdue() ? { kind: 'entry', entry: EntryKind.take } : { kind: 'wait' }
  }

  #nextOfHolder(lease: WriteLease, earlyCount: number): LeaseStep {
    const isRecalled = lease.recallSeq > 0
    const isLeft = lease.journal !== this.#journal
    if (!isRecalled && !isLeft && !this.#wantsRelease) {
      this.#isReleasing = false
      return { kind: 'changes', only: 'all' }
    }
    // Nothing more is answered early, so what was will be drained.
    this.#isReleasing = this.#rules.holdsBack || earlyCount === 0
    if (earlyCount > 0) return { kind: 'changes', only: 'early' }
    return { kind: 'entry', entry: EntryKind.release }
  }

  /**
   * The lease has to go although nothing else is to be committed: back, or from a process that has ended,
   * of which nobody will know once its journal is gone.
   */
  get isReleaseDue(): boolean {
    const lease = this.#lease
    if (!lease) return false
    if (!this.#isMine(lease)) return this.#dead.has(lease.journal)
    return lease.recallSeq > 0 || this.#wantsRelease
  }

  /** The process that has it does nothing else with it: as if it had been recalled. */
  giveBack(): void {
    if (this.state === 'held') this.#wantsRelease = true
  }

  /** Nothing was changed for a while. */
  get isIdle(): boolean {
    return this.state === 'held' && this.#context.clock.monotonicMs() - this.#changedMs > idleMs
  }

  /** A change is made here. */
  touch(): void {
    this.#changedMs = this.#context.clock.monotonicMs()
  }

  /** Whether the next batch should ask for the lease. */
  get isWished(): boolean {
    if (!this.#journal || this.#lease) return false
    return this.wishesJournal
  }

  /** Whether there should be a journal to ask with. */
  get wishesJournal(): boolean {
    return this.#wish.isThere
  }

  /** The head of the next entry with what it does to the lease. */
  headOf(head: Head, seq: number, kind: EntryKind): Head {
    const { lease, ...rest } = head
    if (kind === EntryKind.change && !lease && this.isWished && this.#journal) {
      const { processId: holder } = this.#context
      return { ...rest, lease: { holder, journal: this.#journal, grantSeq: seq, recallSeq: 0 } }
    }
    if (kind === EntryKind.recall && lease) return { ...rest, lease: { ...lease, recallSeq: seq } }
    if (kind === EntryKind.release || kind === EntryKind.take) return rest
    return head
  }

  /** A batch is being sent. */
  begin(): void {
    this.#wish.begin()
  }

  /** The log shows an entry, which is about to be applied. */
  meet(entry: LogEntry, isOwn: boolean): void {
    const before = this.#lease
    const after = entry.head.lease
    if (!isOwn) this.#wish.meetForeign()
    else if (entry.kind === EntryKind.change) this.#wish.commit()
    if (!isOwn && before && !this.#isMine(before) && entry.kind === EntryKind.change)
      this.#holderMs = this.#nowMs
    if (after && after.holder !== before?.holder && this.#isMine(after)) this.#granted(entry.seq)
    if (after?.recallSeq && !before?.recallSeq) this.#recalled(after)
    if (before && !after) this.#ended(before, entry)
  }

  #granted(seq: number): void {
    this.counts.grants++
    this.#wish.grant()
    this.#changedMs = this.#context.clock.monotonicMs()
    this.#wantsRelease = false
    this.#context.logger.debug?.('write lease granted', { seq })
  }

  #recalled(lease: WriteLease): void {
    this.#learn(lease)
    if (!this.#isMine(lease)) return
    this.counts.recalls++
    this.#wish.recall()
    this.#context.logger.debug?.('write lease recalled', { seq: lease.recallSeq })
  }

  #ended(lease: WriteLease, entry: LogEntry): void {
    this.#wantsRelease = false
    const isTaken = entry.kind === EntryKind.take
    if (isTaken) this.counts.takes++
    if (!this.#isMine(lease)) return
    if (!isTaken) this.counts.releases++
    const what = isTaken ? 'write lease taken by another process' : 'write lease released'
    if (isTaken) this.#context.logger.warn(what, { seq: entry.seq })
    else this.#context.logger.debug?.(what, { seq: entry.seq })
  }

  #learn({ recallSeq: seq }: WriteLease): void {
    if (this.#recall?.seq !== seq) this.#recall = { seq, learnedMs: this.#nowMs }
  }

  #isOverdue(): boolean {
    const learnedMs = this.#recall?.learnedMs ?? this.#nowMs
    return this.#nowMs - this.#rules.waitsSince(learnedMs, this.#holderMs) >= takeAfterMs
  }

  #isMine(lease: WriteLease): boolean {
    return lease.holder === this.#context.processId
  }

  get #lease(): WriteLease | undefined {
    return this.#context.committed.head.lease
  }

  get #nowMs(): number {
    return this.#context.clock.bootMs()
  }
}
