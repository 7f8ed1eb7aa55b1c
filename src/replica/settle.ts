// Decides a batch that was sent. An answer of the store is an outcome; anything else is unknown, and an
// unknown batch is sent again, unchanged, until an answer is definite or the log shows who took its
// seq. A read that shows nothing proves nothing. When its callers have given up, a void entry is sent
// in its place: whoever holds the seq then decides, and nothing starts later as a ghost.

import { Errno, FsError } from '../posix/errno.js'
import type { Commit, CommitOutcome, Store } from '../store/store.js'
import { StoreUnavailable } from '../store/store.js'
import type { Clock } from '../volume/clock.js'
import { type Head, VolumeState } from '../volume/head.js'
import { EntryKind, type LogEntry } from '../volume/log-entry.js'
import type { Uuid } from '../volume/record.js'
import type { Batch } from './batch.js'
import type { Committed } from './committed.js'
import { type Contact, momentOf } from './contact.js'
import type { Follow } from './follow.js'
import type { Namespace } from './namespace.js'
import type { Protocol } from './protocol.js'
import type { Rules } from './replica.js'
import type { ReplicaLogger } from './replica-options.js'
import { backoffMs, sleep, withTimeLimit } from './waiting.js'

/** How a batch ended: in the log, certainly never to be in it, or in doubt for ever. */
export type Decision =
  | { readonly kind: 'landed' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'failed'; readonly error: FsError }

export interface SettleContext<Intent> {
  readonly store: Store
  readonly clock: Clock
  readonly storeTimeoutMs: number
  readonly committed: Committed
  readonly follow: Follow
  readonly contact: Contact
  readonly protocol: Protocol
  readonly rules: Rules<Intent>
  readonly namespace: Namespace
  readonly logger: ReplicaLogger
  readonly random: () => number
  readonly newUuid: () => Uuid
  readonly signal: AbortSignal
}

const landed: Decision = { kind: 'landed' }
const lost: Decision = { kind: 'lost' }

/** What a change under way gets when the store was restored to an earlier state. */
export const wentBack = 'the store is not the one it was: it was restored, or has failed over'

/** A batch between its first sending and its decision. */
export class Sent<Intent> {
  readonly batch: Batch<Intent>
  readonly #context: SettleContext<Intent>
  readonly #epoch: number
  readonly #head: Head
  #decision: Decision | undefined
  #attempt: Commit
  #voiding = false
  #unknowns = 0
  #voids = 0

  constructor(batch: Batch<Intent>, context: SettleContext<Intent>) {
    this.batch = batch
    this.#context = context
    this.#epoch = context.follow.epoch
    this.#head = context.committed.head
    this.#attempt = batch.commit
  }

  get seq(): number {
    return this.batch.commit.entry.seq
  }

  get unknowns(): number {
    return this.#unknowns
  }

  get voids(): number {
    return this.#voids
  }

  /** The entry under way, where that is what `head` is of. */
  entryAt(head: Head): LogEntry | undefined {
    const { entry } = this.#attempt
    return entry.seq === head.seq && entry.request === head.request ? entry : undefined
  }

  /** The log shows who holds this batch's seq. Answers whether it does. */
  meet(entry: LogEntry): boolean {
    if (entry.seq !== this.seq || this.#decision) return false
    const own = entry.request === this.batch.commit.entry.request
    this.#decision = own ? landed : lost
    return own
  }

  async settle(): Promise<Decision> {
    const { signal, clock, random } = this.#context
    for (let attempt = 0; !signal.aborted; attempt++) {
      const definite = await this.#send()
      const decision = this.#decision ?? definite ?? (await this.#afterReload())
      if (decision) return decision
      this.#next()
      await sleep(clock, backoffMs(attempt, random), signal)
      if (this.#decision) return this.#decision
    }
    return failed(Errno.EIO, 'the file system was closed before the outcome was known')
  }

  async #send(): Promise<Decision | undefined> {
    const { contact, clock } = this.#context
    const started = momentOf(clock)
    const commit = this.#attempt
    const outcome = await this.#commit(commit)
    if (this.#decision) return this.#decision
    if (this.#context.signal.aborted) return outcome.kind === 'applied' ? landed : undefined
    if (outcome.kind === 'unknown') {
      const full = this.#surelyFull(outcome.cause)
      if (full) return full
      this.#unknowns++
      contact.failed('commit', outcome.cause)
      return undefined
    }
    contact.answered('commit')
    if (outcome.kind === 'missing') return this.#prepareMissing(new Set(outcome.hashes))
    if (outcome.kind === 'refused') return this.#refused(outcome.head)
    if (this.#isOtherEpoch) return undefined
    this.#context.follow.absorb([commit.entry])
    contact.followed(started)
    return this.#decision
  }

  /** A full store promises that it did nothing; what was unknown before may have been done. */
  #surelyFull(cause: Error): Decision | undefined {
    if (!(cause instanceof FsError) || cause.errno !== Errno.ENOSPC) return undefined
    if (this.#voiding || this.#unknowns > 0) return undefined
    this.#context.contact.answered('commit')
    return { kind: 'failed', error: cause }
  }

  async #commit(commit: Commit): Promise<CommitOutcome> {
    const { store, clock, storeTimeoutMs } = this.#context
    try {
      return await withTimeLimit(clock, storeTimeoutMs, 'commit', store.commit(commit))
    } catch (cause) {
      return { kind: 'unknown', cause: cause instanceof Error ? cause : new Error(String(cause)) }
    }
  }

  async #refused(
    head: Pick<Head, 'seq' | 'request' | 'state'> | undefined,
  ): Promise<Decision | undefined> {
    const { follow } = this.#context
    const { expect, entry } = this.#attempt
    if (!head) return failed(Errno.ESTALE, 'the volume does not exist any more')
    if (head.seq === entry.seq && head.request === entry.request && !this.#isOtherEpoch) {
      // Ours: an attempt whose answer was lost.
      follow.absorb([entry])
      return this.#decision
    }
    if (head.seq > expect.seq) return this.#tried(follow.reach(head.seq))
    if (head.seq < expect.seq || head.request !== expect.request)
      return this.#tried(
        follow.reload(`its head is at ${head.seq}, a commit expected ${expect.seq}`, true),
      )
    if (head.state !== VolumeState.live) return refusedByState(head.state)
    this.#context.logger.error('the store refused a commit that it should take', { seq: entry.seq })
    return undefined
  }

  /** A failure only means that it has to be tried again. */
  async #tried(work: Promise<void>): Promise<undefined> {
    await work.catch(() => {})
  }

  /**
   * Uploads what the store says is not there; the batch itself stays as it is. Whoever names blocks is
   * asked: what is missing may be named by a manifest of theirs.
   */
  async #prepareMissing(missing: ReadonlySet<string>): Promise<undefined> {
    const { rules, namespace } = this.#context
    for (const member of this.batch.members)
      if (member.begins.length > 0)
        try {
          await rules.prepare(member.intent, namespace, { missing })
        } catch (error) {
          this.#context.logger.warn('blocks that the store misses cannot be uploaded', { error })
        }
  }

  get #isOtherEpoch(): boolean {
    return this.#context.follow.epoch !== this.#epoch
  }

  /**
   * Everything was loaded anew meanwhile, perhaps past this batch's seq without showing who took it:
   * the entry itself tells, if it is still there.
   */
  async #afterReload(): Promise<Decision | undefined> {
    const { follow, committed, store, clock, storeTimeoutMs } = this.#context
    if (follow.epoch === this.#epoch) return undefined
    // Its new inodes have numbers that may be given anew in a store that went back.
    if (follow.otherEpoch > this.#epoch) return failed(Errno.EIO, wentBack)
    if (committed.head.seq < this.seq) return lost
    const { volume } = this.batch.commit
    try {
      const work = store.readLog(volume, this.seq - 1, 1)
      const [entry] = await withTimeLimit(clock, storeTimeoutMs, 'read the log', work)
      if (entry?.seq === this.seq)
        return entry.request === this.batch.commit.entry.request ? landed : lost
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      return undefined
    }
    if (this.#unknowns === 0) return lost
    const journaled = this.batch.members.findLast((member) => member.journaled)?.journaled
    if (journaled)
      return committed.journalNumber(journaled.journal) < journaled.number ? lost : landed
    return failed(Errno.EIO, 'the log expired before the outcome of a change was known')
  }

  /** What to send next: the same again, or the void. */
  #next(): void {
    if (this.#voiding) return
    const again = this.#context.protocol.resend(this.#attempt)
    if (again && !this.#isGivenUp) this.#attempt = again
    else this.#turnVoid()
  }

  get #isGivenUp(): boolean {
    const nowMs = this.#context.clock.monotonicMs()
    return this.batch.members.every((member) => member.settled || nowMs >= member.deadlineMs)
  }

  #turnVoid(): void {
    this.#voiding = true
    this.#voids++
    this.#attempt = voidCommit(this.batch.commit, this.#head, this.#context.newUuid())
    this.#context.logger.warn('a change whose outcome is unknown is voided', { seq: this.seq })
  }
}

/** What a change gets in a volume that is not live. */
export function refusedByState(state: VolumeState): Decision & { kind: 'failed' } {
  if (state === VolumeState.deleting) return failed(Errno.ESTALE, 'the volume is being deleted')
  const names = { 0: 'being loaded', 2: 'frozen', 3: 'moved' } as Record<number, string>
  return failed(Errno.EROFS, `the volume is ${names[state] ?? 'not live'}`)
}

function failed(errno: Errno, message: string): Decision & { kind: 'failed' } {
  return { kind: 'failed', error: new FsError(errno, message) }
}

/** Takes the place of a commit whose outcome stays unknown: whoever holds that seq decides it. */
function voidCommit(commit: Commit, head: LogEntry['head'], request: Uuid): Commit {
  const { seq, previousRequest } = commit.entry
  const entry: LogEntry = {
    seq,
    kind: EntryKind.void,
    request,
    previousRequest,
    head: { ...head, seq, request },
    puts: [],
    deletes: [],
    answers: [],
  }
  return { ...commit, entry, begins: [], ceases: [] }
}
