// Follows the volume's log: polls it, applies what others committed, in order and without gaps, and
// tells what changed. An entry whose chain does not continue ours, a head below ours, or a gap that
// stays: this is not the log we knew, so everything is loaded anew.

import { Errno, FsError } from '../posix/errno.js'
import { StoreUnavailable } from '../store/store.js'
import { EntryKind, type LogEntry } from '../volume/log-entry.js'
import type { Committed } from './committed.js'
import { type Contact, momentOf } from './contact.js'
import { ForeignDiff } from './foreign-diff.js'
import type { ForeignListeners } from './foreign-listeners.js'
import { type LoadContext, readHead, readLog } from './load.js'
import type { Protocol } from './protocol.js'
import { reload } from './reload.js'
import type { ReplicaLogger } from './replica-options.js'
import { backoffMs, sleep } from './waiting.js'

/** A quorum read can show entry N+2 before N+1: how long a gap may last before it is believed. */
const gapRereadsMs = [5, 20, 80, 320] as const
const volumeGone = 'the volume does not exist any more'
const knownKinds = new Set<number>(Object.values(EntryKind))

export interface FollowContext extends LoadContext {
  readonly committed: Committed
  readonly contact: Contact
  readonly protocol: Protocol
  readonly logger: ReplicaLogger
  /**
   * Asked before an entry is applied: true where it is this replica's own and its callers will be
   * told by their answers, so that it is no foreign change.
   */
  readonly isOwn: (entry: LogEntry) => boolean
  readonly listeners: ForeignListeners
  /** The store is not the one we knew (restored, failed over): no inode number up to this is free. */
  readonly onDiscard: (highestIno: number) => void
}

type Poll = Promise<void> | undefined

export class Follow {
  readonly #context: FollowContext
  #running: Poll
  #waiting: Poll
  #reloading: Poll
  #epoch = 0
  #otherEpoch = 0
  #announced = 0
  #polls = 0
  #unusable: FsError | undefined

  constructor(context: FollowContext) {
    this.#context = context
  }

  get polls(): number {
    return this.#polls
  }

  /** Counts the reloads: entries of another epoch may never have been seen here. */
  get epoch(): number {
    return this.#epoch
  }

  /** The last epoch that began because the store was not the one we knew; 0: none did. */
  get otherEpoch(): number {
    return this.#otherEpoch
  }

  /** What every change gets, whatever the volume's state: ESTALE, or EROFS for what is too new. */
  get unusable(): FsError | undefined {
    return this.#unusable
  }

  /** A reload under way. */
  get reloading(): Promise<void> | undefined {
    return this.#reloading
  }

  /**
   * Follows the log to its end as of now. Whoever asks while a poll is under way shares the one that
   * begins after it: the running one may have looked at the log already. Rejects StoreUnavailable.
   */
  poll(): Promise<void> {
    if (!this.#running) return this.#start()
    this.#waiting ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#waiting = undefined
        return this.#running ?? this.#start()
      })
    return this.#waiting
  }

  /** The store has shown a head at this seq: a log that does not reach it has lost entries. */
  announce(seq: number): void {
    this.#announced = Math.max(this.#announced, seq)
  }

  /** Follows the log at least to where the store has shown a head. Rejects StoreUnavailable. */
  async reach(seq: number): Promise<void> {
    this.announce(seq)
    // On a slow store the poll that is under way is worth waiting for: it may have looked late enough.
    if (this.#running) await this.#running.catch(() => {})
    if (this.#context.committed.head.seq < seq) await this.poll()
  }

  /** A poll that is under way, or a new one: for whoever only wants to be less than a poll behind. */
  join(): Promise<void> {
    return this.#running ?? this.#start()
  }

  /** Whether the next batch may be built on what we have; waits for that where not: then ask again. */
  async isCurrent(random: () => number): Promise<boolean> {
    const { committed, clock, signal } = this.#context
    if (this.#unusable) return true
    if (this.#reloading) await this.#reloading.catch(() => {})
    else if (committed.behind)
      await this.join().catch(() => sleep(clock, backoffMs(3, random), signal))
    else return true
    return false
  }

  /**
   * Applies entries that follow on what we have; those we have already are passed over. Answers where
   * it had to stop: at a gap, or where the chain breaks.
   */
  absorb(entries: readonly LogEntry[]): 'done' | 'gap' | 'broken' {
    const { committed, listeners } = this.#context
    const logged = listeners.isLogFollowed ? new ForeignDiff(committed) : undefined
    let diff: ForeignDiff | undefined
    let end: 'done' | 'gap' | 'broken' = 'done'
    for (const entry of entries) {
      if (entry.seq <= committed.head.seq) continue
      if (entry.seq !== committed.head.seq + 1) end = 'gap'
      else if (!this.#context.protocol.continues(committed.head, entry)) end = 'broken'
      if (end !== 'done') break
      if (!this.#context.isOwn(entry)) {
        diff ??= new ForeignDiff(committed)
        diff.note(entry)
      }
      logged?.note(entry)
      this.#lookAtKind(entry)
      committed.apply(entry)
    }
    const change = diff?.finish()
    if (change) listeners.tell(change)
    const all = logged?.finish()
    if (all) listeners.tellOfLog(all, committed)
    return end
  }

  /**
   * Loads everything anew; `isOther`: because the store is not the one we knew. Rejects
   * StoreUnavailable; then what we had stays.
   */
  reload(reason: string, isOther: boolean): Promise<void> {
    this.#reloading ??= this.#reload(reason, isOther).finally(() => {
      this.#reloading = undefined
    })
    return this.#reloading
  }

  #start(): Promise<void> {
    this.#running = this.#pollNow().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #pollNow(): Promise<void> {
    const { contact, clock, committed } = this.#context
    const started = momentOf(clock)
    try {
      this.#polls++
      if (this.#reloading) await this.#reloading
      const looked = contact.needsHead ? await this.#lookAtHead() : 0
      // Tables in this process say by themselves that nothing happened; that is no answer of the store.
      if (committed.source.kind === 'shared' && looked === 0 && !committed.look.now()) return
      await this.#catchUp(Math.max(looked, this.#announced))
      contact.followed(started)
    } catch (error) {
      if (error instanceof StoreUnavailable) contact.failed('poll', error)
      else this.#refuse(Errno.EROFS, `the log cannot be followed: ${String(error)}`)
      throw error
    }
  }

  /** The seq that the log must reach. */
  async #lookAtHead(): Promise<number> {
    const { committed } = this.#context
    const ours = committed.head
    const head = await readHead(this.#context)
    if (!head) {
      this.#refuse(Errno.ESTALE, volumeGone)
      return 0
    }
    const other = head.seq === ours.seq && head.request !== ours.request
    if (head.seq < ours.seq || other)
      await this.reload(`its head is at ${head.seq}, ours was at ${ours.seq}`, true)
    return head.seq
  }

  async #catchUp(target: number): Promise<void> {
    const { committed, clock, signal, pageSize } = this.#context
    for (let rereads = 0; !signal.aborted; ) {
      const entries = await readLog(this.#context, committed.head.seq)
      if (signal.aborted) return
      const end = this.absorb(entries)
      if (end === 'broken') {
        await this.reload(`entry ${committed.head.seq + 1} does not follow on ours`, true)
        return
      }
      const missing = end === 'gap' || committed.head.seq < Math.max(target, this.#sharedSeq())
      if (end === 'done' && entries.length >= pageSize) continue
      if (!missing) return this.#checkShared()
      const waitMs = gapRereadsMs[rereads++]
      if (waitMs === undefined) {
        await this.reload(`entry ${committed.head.seq + 1} is gone`, false)
        return
      }
      await sleep(clock, waitMs, signal)
    }
  }

  /** Tables that have moved on, but not along their log, are another volume's. */
  async #checkShared(): Promise<void> {
    const { source, head: ours } = this.#context.committed
    if (source.kind !== 'shared') return
    const head = source.tables.head()
    if (!head) this.#refuse(Errno.ESTALE, volumeGone)
    else if (head.seq < ours.seq || (head.seq === ours.seq && head.request !== ours.request))
      await this.reload(`its head is at ${head.seq}, ours was at ${ours.seq}`, true)
  }

  /** How far the engine's tables are; 0 where they are not in this process. */
  #sharedSeq(): number {
    const { source } = this.#context.committed
    return source.kind === 'shared' ? (source.tables.head()?.seq ?? 0) : 0
  }

  async #reload(reason: string, isOther: boolean): Promise<void> {
    const { committed, contact, logger, listeners, onDiscard } = this.#context
    logger.warn('the volume is loaded anew', { reason, seq: committed.head.seq })
    const started = momentOf(this.#context.clock)
    const known = Math.max(committed.head.seq, this.#announced)
    const loaded = await reload(this.#context, () => {
      this.#epoch++
      this.#announced = 0
    })
    if (!loaded) {
      this.#refuse(Errno.ESTALE, volumeGone)
      return
    }
    contact.followed(started)
    if (isOther || committed.head.seq < known) {
      this.#otherEpoch = this.#epoch
      onDiscard(loaded.highestIno)
    }
    listeners.tell(loaded.change)
    listeners.tellOfLog(loaded.change, committed)
  }

  #lookAtKind(entry: LogEntry): void {
    if (knownKinds.has(entry.kind)) return
    const what = `entry ${entry.seq} of its log is of kind ${entry.kind}`
    this.#refuse(Errno.EROFS, `${what}, which this version does not know: update it`)
  }

  #refuse(errno: Errno, reason: string): void {
    if (this.#unusable) return
    this.#unusable = new FsError(errno, reason)
    this.#context.logger.error('the volume is not changed any more by this mount', { reason })
  }
}
