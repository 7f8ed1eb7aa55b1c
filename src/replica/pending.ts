// The changes on their way, in order, and the namespace with them laid over what is committed. Those that
// were answered early come first, always: nothing is answered early behind a change whose caller still
// waits, since that may yet fail. They are what everybody here sees; the others only count for the checks
// of those behind them.

import type { FsError } from '../posix/errno.js'
import type { Committed } from './committed.js'
import { lossOf } from './losing.js'
import type { Member } from './member.js'
import type { Namespace } from './namespace.js'
import { Overlay, type Usage } from './overlay.js'
import type { Protocol } from './protocol.js'
import type { Rules } from './replica.js'
import type { ReplicaLogger } from './replica-options.js'
import type { Step } from './step.js'

/** Overlays are made anew when they hold more than this of what has been committed long ago. */
const overlayTouchesMax = 20_000

export interface PendingContext<Intent> {
  readonly committed: Committed
  readonly rules: Rules<Intent>
  readonly protocol: Protocol
  readonly logger: ReplicaLogger
  /** It was answered, and cannot be done. */
  readonly onLost: (member: Member<Intent>, error: FsError) => void
}

export class Pending<Intent> {
  readonly #context: PendingContext<Intent>
  #queue: Member<Intent>[] = []
  #sent: readonly Member<Intent>[] = []
  #early: Overlay | undefined
  #all: Overlay | undefined
  /** Counts up when what is on its way has to be checked anew. */
  #epoch = 0
  #earlyCount = 0
  #earlyBytes = 0
  #total = 0
  #lost = 0

  constructor(context: PendingContext<Intent>) {
    this.#context = context
  }

  get queue(): readonly Member<Intent>[] {
    return this.#queue
  }

  /** All that are on their way. */
  get count(): number {
    return this.#queue.length + this.#sent.length
  }

  /** Those of them whose callers have been answered, and the bytes of their journal records. */
  get early(): { readonly count: number; readonly bytes: number } {
    return { count: this.#earlyCount, bytes: this.#earlyBytes }
  }

  /** When the oldest that was answered early was queued; undefined: none was. */
  get oldestEarlyMs(): number | undefined {
    const first = this.#sent.find((member) => member.isEarly) ?? this.#queue[0]
    return first?.isEarly ? first.arrivedMs : undefined
  }

  /** What of those was answered early, for EarlyStatus. */
  status(nowMs: number) {
    const { oldestEarlyMs } = this
    return {
      uncommitted: this.#earlyCount,
      uncommittedBytes: this.#earlyBytes,
      oldestMs: oldestEarlyMs === undefined ? 0 : nowMs - oldestEarlyMs,
      lost: this.#lost,
    }
  }

  /** Callers that wait. */
  get waiting(): number {
    return this.#total - this.#earlyCount
  }

  /** What may be shown: what is committed, and what was answered early. */
  get shown(): Namespace {
    return this.#earlyCount > 0 ? this.earlyDraft() : this.#context.committed
  }

  /** To check and do the next change that is to be answered early: only while nobody waits. */
  earlyDraft(): Overlay {
    const known = this.#early
    if (known && known.touchedCount <= overlayTouchesMax) return known
    this.#early = this.#laidOver(this.#context.committed, (member) => member.isEarly)
    this.#all = undefined
    return this.#early
  }

  /** To check and do the next change whose caller is to wait. */
  draft(): Overlay {
    const known = this.waiting > 0 ? this.#all : undefined
    if (known && known.touchedCount <= overlayTouchesMax) return known
    this.#all = this.#laidOver(this.shown, (member) => !member.isEarly)
    return this.#all
  }

  /** `member` is the next in order; one that was answered already comes before those who wait. */
  add(member: Member<Intent>): void {
    this.#queue.push(member)
    this.#total++
    if (!member.isEarly) return
    this.#countEarly(member, 1)
    if (this.waiting > 0) this.#order()
  }

  /** These of the queue are looked at for a batch. */
  shift(members: readonly Member<Intent>[]): void {
    this.#drop(members)
  }

  /** These are being sent. */
  send(members: readonly Member<Intent>[]): void {
    this.#sent = members
  }

  /** These were sent, and are in the log, `added` being what they use more. */
  landed(members: readonly Member<Intent>[], added: Usage): void {
    const early = members.filter((member) => member.isEarly).length
    if (early === members.length) this.#early?.forget(added)
    else if (early === 0 && this.#earlyCount === 0) this.#all?.forget(added)
    else this.lookAgain()
    this.#sent = []
  }

  /** Its caller gets this, whatever becomes of it. */
  end(member: Member<Intent>, error: FsError): void {
    if (member.settled) return
    member.fail(error)
    this.remove(member)
  }

  /** It is in the log, or needed no entry. */
  settle(member: Member<Intent>): void {
    if (member.settled) return
    if (member.isEarly && member.verdict?.kind === 'failed') {
      this.lose(member, member.verdict.error)
      return
    }
    member.settle()
    this.remove(member)
  }

  /** It was answered, and cannot be done. */
  lose(member: Member<Intent>, cause: unknown): void {
    const { logger, onLost } = this.#context
    const error = lossOf(cause)
    this.#lost++
    logger.error('a change was lost', { error, number: member.journaled?.number })
    this.end(member, error)
    this.lookAgain()
    onLost(member, error)
  }

  /** Answers everybody whose change was not sent yet. */
  failWaiting(error: FsError): void {
    for (const member of this.take(({ isEarly }) => !isEarly)) this.end(member, error)
  }

  /** As `failWaiting`; what was answered already goes too. */
  failAll(error: FsError): void {
    this.failWaiting(error)
    for (const member of this.take(() => true)) this.lose(member, error)
  }

  /** Its end is known. */
  remove(member: Member<Intent>): void {
    if (member.settled) this.#context.rules.ended?.(member.intent)
    this.#total--
    if (member.isEarly) this.#countEarly(member, -1)
    if (this.#earlyCount === 0) this.#early = undefined
    if (this.#total === this.#earlyCount) this.#all = undefined
  }

  /** What was sent comes before everything else once more. */
  takeBack(): void {
    this.#queue.unshift(...this.#sent.filter((member) => !member.settled))
    this.#sent = []
    this.#order()
    this.lookAgain()
  }

  /** Takes those out of the queue that `isOut` says. */
  take(isOut: (member: Member<Intent>) => boolean): Member<Intent>[] {
    const out = this.#queue.filter(isOut)
    if (out.length === 0) return out
    // Not asked twice: what `isOut` says may change with time.
    this.#drop(out)
    this.lookAgain()
    return out
  }

  /** `member` has been answered, and did `step` to the early draft. */
  answer(member: Member<Intent>, step: Step | undefined): void {
    member.answered = { step, epoch: this.#epoch }
    member.answerEarly()
    this.add(member)
  }

  /** What a member does that needs no check any more. */
  answeredStep({ answered, journaled }: Member<Intent>): Step | undefined {
    return journaled && answered?.epoch === this.#epoch ? answered.step : undefined
  }

  /** What is committed has changed otherwise: every change on its way is to be checked anew. */
  lookAgain(): void {
    this.#epoch++
    this.#early = undefined
    this.#all = undefined
  }

  *members(): Generator<Member<Intent>> {
    for (const list of [this.#sent, this.#queue])
      for (const member of list) if (!member.settled) yield member
  }

  #drop(members: readonly Member<Intent>[]): void {
    const gone = new Set(members)
    this.#queue = this.#queue.filter((member) => !gone.has(member))
  }

  #order(): void {
    const early = this.#queue.filter((member) => member.isEarly)
    if (early.length > 0) this.#queue = [...early, ...this.#queue.filter((one) => !one.isEarly)]
  }

  #laidOver(base: Namespace, isIn: (member: Member<Intent>) => boolean): Overlay {
    const overlay = new Overlay(base)
    for (const member of this.members()) if (isIn(member)) this.#lay(member, overlay)
    return overlay
  }

  #lay(member: Member<Intent>, overlay: Overlay): void {
    overlay.begin()
    try {
      const isToBeDone =
        !this.#isCommitted(member) && mayBeDone(member, overlay, this.#context.protocol)
      if (isToBeDone) this.#context.rules.apply(member.intent, overlay)
      overlay.end()
    } catch {
      // Its own end comes when its batch is made.
      overlay.rollback()
    }
  }

  /** What a process that has ended had sent may have arrived since its journal was read. */
  #isCommitted({ isInherited, journaled }: Member<Intent>): boolean {
    if (!isInherited || !journaled) return false
    return journaled.number <= this.#context.committed.journalNumber(journaled.journal)
  }

  #countEarly(member: Member<Intent>, sign: 1 | -1): void {
    this.#earlyCount += sign
    this.#earlyBytes += sign * (member.journaled?.bytes ?? 0)
  }
}

/** False for one that was answered early, where others have touched what it is about. */
export function mayBeDone<Intent>(
  { isEarly, journaled }: Member<Intent>,
  now: Namespace,
  protocol: Protocol,
): boolean {
  return !isEarly || !journaled || protocol.isStillSo(journaled.seen, now)
}
