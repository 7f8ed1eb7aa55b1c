// Sends what is on its way: in batches, one after another, each decided before the next. Losing a race means:
// follow the log, check again, send again. What the write lease asks for is looked at before every attempt.

import { Errno, FsError } from '../posix/errno.js'
import type { Head } from '../volume/head.js'
import type { LogEntry } from '../volume/log-entry.js'
import { type BatchContext, leaseBatch, type Taken, takeBatch, type Unprepared } from './batch.js'
import type { Deadlines } from './deadlines.js'
import type { EarlyAnswers } from './early-answers.js'
import { Losing, type LosingContext } from './losing.js'
import type { Pending } from './pending.js'
import type { Recalls } from './recalls.js'
import type { PrepareAgain } from './replica.js'
import type { Settings } from './replica-options.js'
import { type Decision, Sent, type SettleContext } from './settle.js'
import { stepBack } from './step-back.js'
import { uploadAnswered, uploadFirst } from './uploads.js'
import { backoffMs, Nap, sleep } from './waiting.js'
import type { LeaseEntry, WriteLeaseKeeper } from './write-lease.js'

/** How often a recaller looks whether the holder has given the lease back. */
const recallPollMs = 100

export interface SenderContext<Intent>
  extends SettleContext<Intent>,
    BatchContext<Intent>,
    LosingContext<Intent>,
    Pick<Settings<Intent>, 'lingerMs' | 'deadlineMs'> {
  readonly pending: Pending<Intent>
  readonly early: EarlyAnswers<Intent>
  readonly lease: WriteLeaseKeeper
  readonly recalls: Recalls
  readonly deadlines: Deadlines<Intent>
  /** Throws what every change gets now: EROFS, ESTALE, EIO; `forever`: also once the store answers again. */
  readonly refuse: (forever: boolean) => void
  /** Carries on what processes that have ended left. */
  readonly inherit: () => void
  /** Makes ready what `Rules.apply` missed. */
  readonly prepareFor: (missed: PrepareAgain, intent: Intent) => Promise<void>
}

export class Sender<Intent> {
  readonly counts = { commits: 0, changes: 0, conflicts: 0, unknownOutcomes: 0, voids: 0 }
  readonly #context: SenderContext<Intent>
  readonly #pending: Pending<Intent>
  #sent: Sent<Intent> | undefined
  #landed: Sent<Intent> | undefined
  /** The outcome of the entry sent last could not be found out. */
  #isUnsure = false
  #running = false
  #isHurried = false
  readonly #nap: Nap
  readonly #losing: Losing<Intent>

  constructor(context: SenderContext<Intent>) {
    this.#context = context
    this.#pending = context.pending
    this.#nap = new Nap(context.clock)
    this.#losing = new Losing(context)
  }

  get inFlight(): boolean {
    return this.#sent !== undefined
  }

  /** Whether an entry of this process may be in the log without having been met. */
  get mayHaveMoved(): boolean {
    return this.inFlight || this.#isUnsure
  }

  /**
   * The log shows this entry. Undefined: it is not our own; else whether all of its callers are still
   * to be answered. `tell` learns which, before anybody is answered.
   */
  meet(entry: LogEntry, tell: (isOwn: boolean) => void): boolean | undefined {
    const sent = this.#sent
    const isOwn = sent?.meet(entry) ?? false
    tell(isOwn)
    if (!sent || !isOwn) return undefined
    // Whoever was told EIO meanwhile has to learn of it as of another's change.
    const isExpected = sent.batch.members.every(
      ({ settled, isInherited }) => !settled && !isInherited,
    )
    this.#land(sent)
    return isExpected
  }

  /** The entry under way, where that is what `head` is of. */
  sentEntry(head: Head): LogEntry | undefined {
    return this.#sent?.entryAt(head)
  }

  /** Whatever it sleeps for may have come; `hurry`: somebody waits for all that is on its way. */
  wake(hurry = false): void {
    this.#isHurried ||= hurry && this.#running
    this.#nap.wake()
  }

  /** There is something to be sent. */
  start(): void {
    // Asked for every change: those that were answered have no deadline, and may be many.
    if (this.#pending.waiting > 0) this.#context.deadlines.arm()
    if (this.#running) return
    this.#running = true
    // What arrives in the same tick goes in the same batch.
    queueMicrotask(() => {
      this.#run()
        .catch((error) => {
          this.#context.logger.error('the pipeline failed', { error })
          this.#pending.failWaiting(
            new FsError(Errno.EIO, 'the change cannot be sent', { cause: error }),
          )
        })
        .finally(() => {
          this.#running = false
          if (this.#hasWork && !this.#context.signal.aborted) this.start()
        })
    })
  }

  get #hasWork(): boolean {
    const { lease, recalls } = this.#context
    if (this.#pending.queue.length > 0 || recalls.areWished) return true
    return lease.isReleaseDue && !this.#isRefused
  }

  async #run(): Promise<void> {
    const { signal, random, follow } = this.#context
    for (let losses = 0; this.#hasWork && !signal.aborted; ) {
      if (await this.#lingers()) continue
      const areStored = await uploadAnswered(this.#pending.queue, this.#context)
      // Nothing may be waited for between this look and the batch.
      if (!(await follow.isCurrent(random))) continue
      const decision = await this.#attempt(losses === 0, areStored)
      losses = decision?.kind === 'lost' || decision?.kind === 'failed' ? losses + 1 : 0
      if (losses > 0) await stepBack(decision, losses, this.#context)
    }
    this.#isHurried = false
  }

  async #attempt(isFirst: boolean, areStored: boolean): Promise<Decision | undefined> {
    const { lease, recalls } = this.#context
    if (this.#isRefused || lease.state !== 'foreign') recalls.done()
    if (this.#isRefused) this.#take('all')
    if (this.#isRefused || !this.#hasWork) return undefined
    const step = lease.next(this.#pending.early.count, isFirst)
    if (step.kind === 'wait') return this.#awaitHolder()
    if (step.kind === 'entry') return this.#sendLease(step.entry)
    const taken = this.#take(step.only)
    if (taken.batch) return this.#send(new Sent(taken.batch, this.#context))
    if (taken.blocked) await this.#unblock(taken.blocked)
    else if (taken.count === 0) await uploadFirst(this.#pending, this.#context, !areStored)
    return undefined
  }

  /** Where nobody waits, what has just come may be joined by more. True: look again. */
  async #lingers(): Promise<boolean> {
    const { clock, lingerMs, earlyChangesMax } = this.#context
    const { early, oldestEarlyMs } = this.#pending
    if (this.#isHurried || this.#pending.waiting > 0 || oldestEarlyMs === undefined) return false
    if (early.count >= earlyChangesMax || this.#context.lease.state !== 'held') return false
    const leftMs = oldestEarlyMs + lingerMs - clock.monotonicMs()
    if (leftMs <= 0) return false
    await this.#nap.sleep(leftMs)
    return true
  }

  /** The volume takes no change any more. */
  get #isRefused(): boolean {
    try {
      this.#context.refuse(true)
      return false
    } catch {
      return true
    }
  }

  /** Another process has the lease, and was asked for it. */
  async #awaitHolder(): Promise<undefined> {
    this.#context.deadlines.hold()
    await this.#nap.sleep(recallPollMs)
    await this.#context.follow.poll().then(this.#context.inherit, () => {})
    return undefined
  }

  async #sendLease(kind: LeaseEntry): Promise<Decision> {
    const { head } = this.#context.committed
    return this.#send(new Sent(leaseBatch(this.#context, head, kind), this.#context))
  }

  #take(only: 'all' | 'early'): Taken<Intent> {
    try {
      this.#context.refuse(false)
    } catch (error) {
      if (!(error instanceof FsError)) throw error
      this.#pending.failWaiting(error)
      this.#loseForever()
    }
    const { queue } = this.#pending
    const first = only === 'all' ? queue : queue.filter((member) => member.isEarly)
    if (this.#context.lease.wishesJournal && this.#context.early.isPossible)
      this.#context.lease.journal = this.#context.early.open()
    const taken = takeBatch(this.#context.committed, first, this.#context)
    this.#pending.shift(first.slice(0, taken.count))
    for (const member of taken.decided) this.#pending.settle(member)
    for (const one of taken.unprepared) this.#prepareAgain(one)
    return taken
  }

  /** What was answered goes to waste only where the volume takes no change any more. */
  #loseForever(): void {
    try {
      this.#context.refuse(true)
    } catch (error) {
      if (!this.#context.signal.aborted) this.#pending.failAll(error as FsError)
    }
  }

  async #send(sent: Sent<Intent>): Promise<Decision> {
    this.#sent = sent
    this.#isUnsure = false
    this.#context.lease.begin()
    this.#pending.send(sent.batch.members)
    const keeping = this.#losing.tell(sent.batch.members)
    if (keeping) await keeping
    const decision = await this.#decide(sent)
    this.#sent = undefined
    this.counts.unknownOutcomes += sent.unknowns
    this.counts.voids += sent.voids
    if (!this.#context.signal.aborted) this.#context.contact.answered('commit')
    if (decision.kind === 'landed') this.#land(sent)
    else if (decision.kind === 'failed') await this.#failed(sent, decision.error)
    else {
      this.counts.conflicts++
      this.#pending.takeBack()
    }
    return decision
  }

  /** What was answered early stays, unless the volume can never have it. */
  async #failed(sent: Sent<Intent>, error: FsError): Promise<void> {
    const { clock, random, signal } = this.#context
    const isForNow = error.errno === Errno.ENOSPC || this.#isUnsure || signal.aborted
    for (const member of sent.batch.members)
      if (!member.isEarly) this.#pending.end(member, error)
      else if (!isForNow) this.#pending.lose(member, error)
    this.#pending.takeBack()
    if (isForNow && !signal.aborted)
      this.#context.logger.warn('changes that were answered cannot be committed yet', { error })
    if (isForNow) await sleep(clock, backoffMs(10, random), signal)
  }

  /** Never rejects: an error on the way leaves the outcome unknown, and nobody without an answer. */
  async #decide(sent: Sent<Intent>): Promise<Decision> {
    try {
      return await sent.settle()
    } catch (cause) {
      this.#isUnsure = true
      this.#context.logger.error('a batch could not be decided', { seq: sent.seq, error: cause })
      const error = new FsError(Errno.EIO, 'the outcome of the change is not known', { cause })
      return { kind: 'failed', error }
    }
  }

  #land(sent: Sent<Intent>): void {
    if (this.#landed === sent) return
    this.#landed = sent
    const { members, added, stale } = sent.batch
    this.#context.early.forget(stale)
    this.counts.commits++
    this.counts.changes += members.length
    this.#losing.landed(members)
    this.#pending.landed(members, added)
    for (const member of members) this.#pending.settle(member)
    if (this.#pending.early.count === 0) this.#context.early.drained()
  }

  /** What it needs has changed: it steps aside, and comes back at the end of the queue. */
  async #prepareAgain({ member, missed }: Unprepared<Intent>): Promise<void> {
    const { clock } = this.#context
    this.#pending.remove(member)
    try {
      await this.#context.prepareFor(missed, member.intent)
      this.#context.refuse(false)
      member.deadlineMs = clock.monotonicMs() + this.#context.deadlineMs
      this.#pending.lookAgain()
      this.#pending.add(member)
      this.start()
    } catch (error) {
      member.verdict = { kind: 'failed', error }
      member.settle()
    }
  }

  /** The first of the queue was answered already: everything else waits for what it needs. */
  async #unblock({ member, missed }: Unprepared<Intent>): Promise<void> {
    const { clock, random, signal, prepareFor } = this.#context
    await prepareFor(missed, member.intent).catch(() => sleep(clock, backoffMs(10, random), signal))
  }
}
