// The one queue of changes of a volume in this process. A change is *checked and queued* (`accept`), then,
// where this process has the write lease, *journaled* and answered, then sent (sender.ts), and *committed*
// when the log holds it.

import { Errno, FsError } from '../posix/errno.js'
import { type AnsweredRequest, EntryKind, type LogEntry } from '../volume/log-entry.js'
import { AnswerEarly, type Answered } from './answer-early.js'
import type { BatchContext } from './batch.js'
import { Deadlines } from './deadlines.js'
import { EarlyAnswers, type Inherited } from './early-answers.js'
import { Member } from './member.js'
import type { Namespace } from './namespace.js'
import { Pending } from './pending.js'
import { Recalls } from './recalls.js'
import { Refusals } from './refusals.js'
import type { EarlyStatus, PrepareAgain } from './replica.js'
import type { Settings } from './replica-options.js'
import { Sender } from './sender.js'
import { type SettleContext, wentBack } from './settle.js'
import { storeAway } from './store-away.js'
import { WriteLeaseKeeper } from './write-lease.js'

export interface PipelineContext<Intent>
  extends SettleContext<Intent>,
    Omit<BatchContext<Intent>, 'headOf' | 'staleJournals' | 'answeredStep'>,
    Pick<
      Settings<Intent>,
      | 'journals'
      | 'writeLease'
      | 'freeBytes'
      | 'leaseRules'
      | 'processId'
      | 'redelivered'
      | 'lingerMs'
      | 'deadlineMs'
      | 'onLosing'
      | 'onSpared'
    > {
  /** It was answered, and cannot be done. */
  readonly onLost: (member: Member<Intent>, error: FsError) => void
  /** Changes of a process that has ended are carried on; each settles when it is committed. */
  readonly onInherited: (changes: readonly Promise<unknown>[]) => void
  /** Makes ready what `Rules.apply` missed. */
  readonly prepareFor: (missed: PrepareAgain, intent: Intent) => Promise<void>
  /** Other processes should look at this entry of ours now. */
  readonly tell: (seq: number) => void
}

/** Somebody waits for these: the holder is asked for the lease, or has given it back. */
const leaseKinds = new Set<EntryKind>([EntryKind.recall, EntryKind.release, EntryKind.take])

type Accepted<Intent> =
  | Answered<Intent>
  | { readonly kind: 'unstored'; readonly upload: Promise<void> }
  | { readonly kind: 'queued'; readonly member: Member<Intent> }

export class Pipeline<Intent> {
  readonly lease: WriteLeaseKeeper
  readonly #context: PipelineContext<Intent>
  readonly #refusals: Refusals
  readonly #pending: Pending<Intent>
  readonly #early: EarlyAnswers<Intent>
  readonly #deadlines: Deadlines<Intent>
  readonly #recalls: Recalls
  readonly #sender: Sender<Intent>
  readonly #answerEarly: AnswerEarly<Intent>

  constructor(context: PipelineContext<Intent>) {
    this.#context = context
    this.#refusals = new Refusals(context)
    this.#pending = new Pending(context)
    this.lease = new WriteLeaseKeeper({
      ...context,
      rules: context.leaseRules,
      isAheadByOwn: () => this.ownEntry !== undefined,
      mayHaveMoved: () => this.#sender.mayHaveMoved,
    })
    context.committed.look.isGood = (begunMs) => this.lease.isLookGood(begunMs)
    this.#early = new EarlyAnswers(context)
    const [pending, early, lease] = [this.#pending, this.#early, this.lease]
    this.#answerEarly = new AnswerEarly({ ...context, pending, early, lease })
    const members = () => pending.members()
    this.#deadlines = new Deadlines({ ...context, members, onDue: () => this.#expire() })
    this.#recalls = new Recalls(context.clock)
    this.#sender = new Sender({
      ...context,
      recalls: this.#recalls,
      pending,
      early,
      lease,
      deadlines: this.#deadlines,
      headOf: (head, seq, kind) => this.lease.headOf(head, seq, kind),
      staleJournals: () => this.#early.stale,
      answeredStep: (member) => this.#pending.answeredStep(member),
      refuse: (forever) => (forever ? this.#refusals.refuseForever() : this.refuse()),
      inherit: () => context.onInherited(this.inherit()),
    })
  }

  get counts() {
    return this.#sender.counts
  }

  get queued(): number {
    return this.#pending.count
  }

  get inFlight(): boolean {
    return this.#sender.inFlight
  }

  /** Whether the next change is likely to be answered before it is committed. */
  get mayAnswerEarly(): boolean {
    return this.#answerEarly.isPossible
  }

  /** What may be shown: what is committed, and what was answered early. */
  get shown(): Namespace {
    return this.#pending.shown
  }

  earlyStatus(): EarlyStatus {
    const { lease } = this
    return {
      lease: lease.state,
      holder: lease.holder,
      ...lease.counts,
      journalBytes: this.#early.bytes,
      answered: this.#answerEarly.count,
      ...this.#pending.status(this.#context.clock.monotonicMs()),
    }
  }

  /** Throws what a change would get now without being looked at: EROFS, ESTALE, EIO. */
  refuse(): void {
    this.#refusals.refuse()
  }

  /**
   * Checks a change against what is committed and all that is queued before it, and queues it. A check
   * that fails throws at once where nobody waits before it; else it waits for those, because they may
   * yet fail. So does what has to be prepared again: it can only be when those are committed. Throws
   * PrepareAgain where nobody waits. `done`: it may be answered now, because it changes nothing, or
   * because it stands in the journal. `unstored`: what it names has to be in the store before it is
   * queued, so that nobody waits for that behind it.
   */
  accept(intent: Intent, answers: AnsweredRequest | undefined): Accepted<Intent> {
    this.refuse()
    this.lease.touch()
    const isSure = this.#pending.waiting === 0
    const member = this.#member(intent, answers)
    const answered = this.#answerEarly.isPossible ? this.#answerEarly.answer(member) : undefined
    if (answered) {
      if (answered.member) this.#sender.start()
      return answered
    }
    const upload = member.journaled ? undefined : this.#context.rules.upload?.(intent, false)
    if (upload) return { kind: 'unstored', upload }
    const overlay = this.#pending.draft()
    overlay.begin()
    try {
      const value = this.#context.rules.apply(intent, overlay)
      const touched = overlay.end()
      if (isSure && touched.inodes.size + touched.dirents.length === 0)
        return { kind: 'done', value }
    } catch (error) {
      overlay.rollback()
      if (isSure) throw error
    }
    this.#add(member)
    return { kind: 'queued', member }
  }

  /** Takes what processes that have ended have left; true where that is anything. */
  takeDead(): boolean {
    return this.#early.takeDead()
  }

  /** Carries on what was taken: it is shown here from now on. Answers when each change is committed. */
  inherit(): Promise<unknown>[] {
    const changes = this.#early.carryOn(this.#context.committed, {
      begin: (journal) => this.lease.addDead(journal),
      add: (one) => this.#addInherited(one),
    })
    if (changes.length > 0) this.#pending.lookAgain()
    if (this.lease.isReleaseDue) this.#sender.start()
    return changes
  }

  #addInherited({ intent, journaled, answers }: Inherited<Intent>): Promise<unknown> {
    const member = this.#member(intent, answers)
    member.journaled = journaled
    member.isInherited = true
    member.answerEarly()
    this.#add(member)
    return member.committed
  }

  /** The log shows this entry: true where it is our own and its callers are still to be answered. */
  meet(entry: LogEntry): boolean {
    this.#early.meetLease(entry.head.lease?.journal)
    const isExpected = this.#sender.meet(entry, (isOwn) => this.lease.meet(entry, isOwn))
    if (isExpected !== undefined) {
      if (leaseKinds.has(entry.kind)) this.#context.tell(entry.seq)
      return isExpected
    }
    this.#context.redelivered.noteEntry(entry)
    // Others' changes may stand in the way of what is queued.
    this.#pending.lookAgain()
    this.#sender.wake()
    // Looked at when the entry has been applied.
    if (entry.kind === EntryKind.recall) this.#sender.start()
    return false
  }

  /** Where the engine's tables have moved on: our own entry, where it is that, though unanswered yet. */
  get ownEntry(): LogEntry | undefined {
    const { source } = this.#context.committed
    const head = source.kind === 'shared' ? source.tables.head() : undefined
    return head && this.#sender.sentEntry(head)
  }

  /** Everything was loaded anew: what is queued is looked at again. */
  forgetChecks(): void {
    this.#pending.lookAgain()
    this.#sender.wake()
  }

  /** The store does not answer: what was never sent was certainly not done. */
  goOffline(): void {
    const error = storeAway()
    this.#pending.failWaiting(error)
    this.#recalls.fail(error)
  }

  /** Resolves when no other process answers changes before it commits them. */
  async recallOthers(): Promise<void> {
    if (this.lease.state !== 'foreign') return
    const recalled = this.#recalls.wait()
    this.#sender.start()
    await recalled
  }

  /** The store is another one: the numbers of new inodes on their way may be given anew there. */
  discard(): void {
    this.#pending.failAll(new FsError(Errno.EIO, wentBack))
    this.#early.discard()
  }

  /** Somebody waits until all that was answered is committed. */
  hurry(): void {
    this.#sender.wake(true)
  }

  /** The lease goes back as soon as all is committed; `forGood`: nothing more will be changed here. */
  giveBack(forGood: boolean): void {
    if (forGood && this.#pending.early.count === 0) this.#early.leave()
    this.lease.giveBack()
    this.hurry()
    if (this.lease.isReleaseDue) this.#sender.start()
  }

  /** Ends: nothing more is sent, and nobody is left without an answer. */
  stop(): void {
    const { count: changes } = this.#pending.early
    const stays = 'changes stay in the journal: the next mount on this machine commits them'
    if (changes > 0) this.#context.logger.warn(stays, { changes })
    const closed = new FsError(Errno.EIO, 'the file system was closed')
    this.#pending.failWaiting(closed)
    this.#recalls.fail(closed)
    const unsure = new FsError(Errno.EIO, 'closed before the outcome of the change was known')
    for (const member of [...this.#pending.members()]) this.#pending.end(member, unsure)
    this.#deadlines.stop()
    this.#sender.wake()
    // Where the lease could not be given back, the journal tells the next one that nobody has it.
    this.#early.close(changes === 0 && !this.lease.isMine)
  }

  #member(intent: Intent, answers: AnsweredRequest | undefined): Member<Intent> {
    const nowMs = this.#context.clock.monotonicMs()
    return new Member(intent, answers, nowMs, nowMs + this.#context.deadlineMs)
  }

  #add(member: Member<Intent>): void {
    this.#pending.add(member)
    if (!member.isEarly) this.#sender.wake()
    this.#sender.start()
  }

  #expire(): void {
    const { isOver } = this.#deadlines
    const late = this.#pending.take(isOver)
    for (const member of late) this.#pending.end(member, storeAway('not done in time'))
    const unsure = storeAway('no answer of the store in time: it may have been done')
    // What is left is being sent.
    for (const member of [...this.#pending.members()])
      if (isOver(member)) this.#pending.end(member, unsure)
    this.#deadlines.arm()
  }
}
