// The one queue of changes of a volume in this process. A change is *checked and queued* (`accept`), then
// sent in a batch with others, one batch at a time, and *committed* when the log holds it: two moments,
// and what is answered when is decided by whoever called `accept`, not here. Losing a race means: follow
// the log, check again, send again.

import { Errno, FsError } from '../posix/errno.js'
import { type Head, VolumeState } from '../volume/head.js'
import type { AnsweredRequest, LogEntry } from '../volume/log-entry.js'
import { type BatchContext, type Taken, takeBatch, type Unprepared } from './batch.js'
import { Member } from './member.js'
import { Overlay } from './overlay.js'
import type { PrepareAgain } from './replica.js'
import { type Decision, refusedByState, Sent, type SettleContext, wentBack } from './settle.js'
import { backoffMs, sleep } from './waiting.js'

/** Overlays are made anew when they hold more than this of what has been committed long ago. */
const overlayTouchesMax = 20_000

export interface PipelineContext<Intent> extends SettleContext<Intent>, BatchContext<Intent> {
  readonly deadlineMs: number
  /** Makes ready what `Rules.apply` missed. */
  readonly prepareFor: (missed: PrepareAgain, intent: Intent) => Promise<void>
}

export class Pipeline<Intent> {
  readonly #context: PipelineContext<Intent>
  #queue: Member<Intent>[] = []
  #sent: Sent<Intent> | undefined
  #landed: Sent<Intent> | undefined
  #overlay: Overlay | undefined
  #running = false
  #cancelDeadline: (() => void) | undefined
  readonly counts = { commits: 0, changes: 0, conflicts: 0, unknownOutcomes: 0, voids: 0 }

  constructor(context: PipelineContext<Intent>) {
    this.#context = context
  }

  get queued(): number {
    return this.#queue.length + (this.#sent?.batch.members.length ?? 0)
  }

  get inFlight(): boolean {
    return this.#sent !== undefined
  }

  /** Throws what a change would get now without being looked at: EROFS, ESTALE, EIO. */
  refuse(): void {
    const { signal, follow, committed, contact } = this.#context
    if (signal.aborted) throw new FsError(Errno.EIO, 'the file system is closed')
    if (follow.unusable) throw follow.unusable
    if (committed.head.state !== VolumeState.live) throw refusedByState(committed.head.state).error
    if (contact.isOffline) throw new FsError(Errno.EIO, 'the store does not answer')
  }

  /**
   * Checks a change against what is committed and all that is queued before it, and queues it. A check
   * that fails throws at once where nothing is queued before it; else it waits for those, because they
   * may yet fail. So does what has to be prepared again: it can only be when those are committed.
   * Throws PrepareAgain where nothing is queued. What changes nothing, behind nothing, is `done`.
   */
  accept(
    intent: Intent,
    answers: AnsweredRequest | undefined,
  ): { kind: 'done'; value: unknown } | { kind: 'queued'; member: Member<Intent> } {
    this.refuse()
    const isFirst = this.queued === 0
    const overlay = this.#pending()
    overlay.begin()
    try {
      const value = this.#context.rules.apply(intent, overlay)
      const touched = overlay.end()
      if (isFirst && touched.inodes.size + touched.dirents.length === 0)
        return { kind: 'done', value }
    } catch (error) {
      overlay.rollback()
      if (isFirst) throw error
    }
    const deadlineMs = this.#context.clock.monotonicMs() + this.#context.deadlineMs
    const member = new Member(intent, answers, deadlineMs)
    this.#queue.push(member)
    this.#start()
    return { kind: 'queued', member }
  }

  /** The log shows this entry: true where it is our own and its callers are still to be answered. */
  meet(entry: LogEntry): boolean {
    const sent = this.#sent
    if (!sent?.meet(entry)) {
      // Others' changes may stand in the way of what is queued.
      this.#overlay = undefined
      return false
    }
    // Whoever was told EIO meanwhile has to learn of it as of another's change.
    const isUnexpected = sent.batch.members.some((member) => member.answered)
    this.#land(sent)
    return !isUnexpected
  }

  /** Where the engine's tables have moved on: our own entry, where it is that, though unanswered yet. */
  sentEntry(head: Head): LogEntry | undefined {
    const entry = this.#sent?.batch.commit.entry
    return entry?.seq === head.seq && entry.request === head.request ? entry : undefined
  }

  /** Everything was loaded anew: what is queued is looked at again. */
  forgetChecks(): void {
    this.#overlay = undefined
  }

  /** The store does not answer: what was never sent was certainly not done. */
  goOffline(): void {
    this.failQueued(new FsError(Errno.EIO, 'the store does not answer'))
  }

  /** The store is another one: the numbers of new inodes on their way may be given anew there. */
  discard(): void {
    this.failQueued(new FsError(Errno.EIO, wentBack))
  }

  /** Answers everything that was not sent yet. */
  failQueued(error: FsError): void {
    for (const member of this.#queue) member.fail(error)
    this.#queue = []
    this.#overlay = undefined
  }

  /** Ends: nothing more is sent, and nobody is left without an answer. */
  stop(): void {
    this.failQueued(new FsError(Errno.EIO, 'the file system was closed'))
    const unsure = new FsError(Errno.EIO, 'closed before the outcome of the change was known')
    for (const member of this.#sent?.batch.members ?? []) member.fail(unsure)
    this.#cancelDeadline?.()
  }

  #pending(): Overlay {
    if (this.queued === 0) this.#overlay = undefined
    const known = this.#overlay
    if (known && known.touchedCount <= overlayTouchesMax) return known
    const overlay = new Overlay(this.#context.committed)
    this.#overlay = overlay
    for (const member of this.#pendingMembers()) {
      overlay.begin()
      try {
        this.#context.rules.apply(member.intent, overlay)
        overlay.end()
      } catch {
        // Its own answer comes when its batch is made.
        overlay.rollback()
      }
    }
    return overlay
  }

  #start(): void {
    this.#armDeadline()
    if (this.#running) return
    this.#running = true
    // What arrives in the same tick goes in the same batch.
    queueMicrotask(() => {
      this.#run()
        .catch((error) => {
          this.#context.logger.error('the pipeline failed', { error })
          this.failQueued(new FsError(Errno.EIO, 'the change cannot be sent', { cause: error }))
        })
        .finally(() => {
          this.#running = false
          if (this.#queue.length > 0 && !this.#context.signal.aborted) this.#start()
        })
    })
  }

  async #run(): Promise<void> {
    const { signal, clock, random } = this.#context
    for (let losses = 0; this.#queue.length > 0 && !signal.aborted; ) {
      if (!(await this.#isCurrent())) continue
      const taken = this.#take()
      if (!taken.batch) continue
      const decision = await this.#send(new Sent(taken.batch, this.#context))
      losses = decision.kind === 'lost' ? losses + 1 : 0
      if (losses > 0) await sleep(clock, backoffMs(losses - 1, random), signal)
    }
  }

  /** Whether what we have is what the next batch may be built on; waits for it where it is not. */
  async #isCurrent(): Promise<boolean> {
    const { follow, committed, clock, random, signal } = this.#context
    if (follow.unusable) return true
    if (follow.reloading) await follow.reloading.catch(() => {})
    else if (committed.behind)
      await follow.join().catch(() => sleep(clock, backoffMs(3, random), signal))
    else return true
    return false
  }

  #take(): Taken<Intent> {
    try {
      this.refuse()
    } catch (error) {
      if (!(error instanceof FsError)) throw error
      this.failQueued(error)
    }
    const taken = takeBatch(this.#context.committed, this.#queue, this.#context)
    this.#queue.splice(0, taken.count)
    for (const member of taken.decided) member.settle()
    for (const one of taken.unprepared) this.#prepareAgain(one)
    return taken
  }

  async #send(sent: Sent<Intent>): Promise<Decision> {
    this.#sent = sent
    const decision = await this.#decide(sent)
    this.#sent = undefined
    const { counts } = this
    counts.unknownOutcomes += sent.unknowns
    counts.voids += sent.voids
    if (!this.#context.signal.aborted) this.#context.contact.answered('commit')
    if (decision.kind === 'landed') this.#land(sent)
    if (decision.kind === 'failed')
      for (const member of sent.batch.members) member.fail(decision.error)
    if (decision.kind === 'lost') {
      counts.conflicts++
      this.#queue.unshift(...sent.batch.members.filter((member) => !member.answered))
      this.#overlay = undefined
    }
    return decision
  }

  /** Never rejects: an error on the way leaves the outcome unknown, and nobody without an answer. */
  async #decide(sent: Sent<Intent>): Promise<Decision> {
    try {
      return await sent.settle()
    } catch (cause) {
      this.#context.logger.error('a batch could not be decided', { seq: sent.seq, error: cause })
      const error = new FsError(Errno.EIO, 'the outcome of the change is not known', { cause })
      return { kind: 'failed', error }
    }
  }

  #land(sent: Sent<Intent>): void {
    if (this.#landed === sent) return
    this.#landed = sent
    const { members, added } = sent.batch
    this.counts.commits++
    this.counts.changes += members.length
    this.#overlay?.forget(added)
    for (const member of members) member.settle()
  }

  /** What it needs has changed: it steps aside, and comes back at the end of the queue. */
  async #prepareAgain({ member, missed }: Unprepared<Intent>): Promise<void> {
    const { clock } = this.#context
    try {
      await this.#context.prepareFor(missed, member.intent)
      this.refuse()
      member.deadlineMs = clock.monotonicMs() + this.#context.deadlineMs
      this.#queue.push(member)
      this.#overlay = undefined
      this.#start()
    } catch (error) {
      member.verdict = { kind: 'failed', error }
      member.settle()
    }
  }

  #pendingMembers(): Member<Intent>[] {
    const sent = this.#sent?.batch.members ?? []
    return [...sent, ...this.#queue].filter((member) => !member.answered)
  }

  #armDeadline(): void {
    if (this.#cancelDeadline) return
    let first = Number.POSITIVE_INFINITY
    for (const { deadlineMs } of this.#pendingMembers()) first = Math.min(first, deadlineMs)
    if (first === Number.POSITIVE_INFINITY) return
    const delayMs = Math.max(1, first - this.#context.clock.monotonicMs())
    this.#cancelDeadline = this.#context.clock.setTimer(delayMs, () => {
      this.#cancelDeadline = undefined
      this.#expire()
      this.#armDeadline()
    })
  }

  #expire(): void {
    const nowMs = this.#context.clock.monotonicMs()
    const isLate = (member: Member<Intent>): boolean => member.deadlineMs <= nowMs
    const late = this.#queue.filter(isLate)
    this.#queue = this.#queue.filter((member) => !isLate(member))
    const notDone = new FsError(Errno.EIO, 'not done in time')
    for (const member of late) member.fail(notDone)
    const unsure = new FsError(Errno.EIO, 'no answer of the store in time: it may have been done')
    for (const member of this.#sent?.batch.members ?? []) if (isLate(member)) member.fail(unsure)
    if (late.length > 0) this.#overlay = undefined
  }
}
