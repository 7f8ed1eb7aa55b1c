// A mount's replica of one volume: the parts of this folder put together behind the interface of
// replica.ts. Made by open-replica.ts.

import { Errno, FsError } from '../posix/errno.js'
import type { Head } from '../volume/head.js'
import type { Dirent, Inode } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import type { Committed } from './committed.js'
import { Contact, type Moment } from './contact.js'
import { Follow } from './follow.js'
import { lostChange } from './foreign-diff.js'
import { ForeignListeners } from './foreign-listeners.js'
import { InoLease } from './ino-lease.js'
import { LeaseLife } from './lease-life.js'
import { type LoadBehind, loadBehind } from './load-behind.js'
import { idOf } from './losing.js'
import type { Member } from './member.js'
import type { NamedDirent, NamePlace } from './namespace.js'
import { Pace } from './pace.js'
import { Pipeline } from './pipeline.js'
import {
  type ChangeOptions,
  type ForeignChange,
  type LogListener,
  NotLoaded,
  PrepareAgain,
  type Replica,
  type ReplicaStatus,
} from './replica.js'
import type { Settings } from './replica-options.js'
import { replicaStatus } from './replica-status.js'
import type { Session } from './session.js'
import { Unanswered } from './unanswered.js'
import { sleep } from './waiting.js'

const catchUpTries = 3

export class VolumeReplica<Intent> implements Replica<Intent> {
  readonly #settings: Settings<Intent>
  readonly #committed: Committed
  readonly #contact: Contact
  readonly #follow: Follow
  readonly #pipeline: Pipeline<Intent>
  readonly #inos: InoLease
  readonly #pace: Pace
  readonly #session: Session
  readonly #leaseLife: LeaseLife
  #loadBehind: LoadBehind | undefined
  readonly #listeners: ForeignListeners
  readonly #unanswered = new Unanswered()
  #closing: Promise<void> | undefined

  constructor(settings: Settings<Intent>, committed: Committed, session: Session, loaded: Moment) {
    this.#settings = settings
    this.#committed = committed
    this.#session = session
    const { clock, logger } = settings
    this.#listeners = new ForeignListeners(logger)
    this.#listeners.add(({ reloaded }) => reloaded && this.#pipeline.forgetChecks())
    this.#contact = new Contact(clock, logger, loaded, () => this.#pipeline.goOffline())
    this.#inos = new InoLease({ ...settings, isOffline: () => this.#contact.isOffline })
    this.#follow = new Follow({
      ...settings,
      committed,
      contact: this.#contact,
      isOwn: (entry) => this.#pipeline.meet(entry),
      listeners: this.#listeners,
      onDiscard: (highestIno) => {
        this.#pipeline.discard()
        this.#inos.discard(highestIno)
      },
    })
    this.#pipeline = new Pipeline({
      ...settings,
      committed,
      contact: this.#contact,
      follow: this.#follow,
      namespace: this,
      tell: (seq) => session.hints.tell(seq),
      prepareFor: (missed, intent) => this.#prepareFor(missed, intent),
      onLost: (member, error) => this.#lost(member, error),
      onInherited: (changes) => this.#unanswered.trackAll(changes),
      changesMax: settings.batchChangesMax,
      bytesMax: settings.batchBytesMax,
    })
    session.hints.look = () => this.#follow.poll()
    this.#leaseLife = new LeaseLife(this.#pipeline, settings)
    const isBusy = () => settings.isBusy() || this.#listeners.isLogFollowed
    this.#pace = new Pace({ ...settings, isBusy, poll: () => this.#follow.join() })
    this.#loadBehind = loadBehind(committed, {
      ...settings,
      follow: this.#follow,
      contact: this.#contact,
      onEnd: (tables) => {
        committed.loaded()
        settings.copies.keep(tables)
        this.#loadBehind = undefined
      },
    })
    this.#pace.start()
  }

  /** Reads what is needed before the first answer. */
  async begin(): Promise<void> {
    if (this.#loadBehind) await this.#loadBehind.begin()
    else if (!this.#isCurrent) await this.#follow.poll()
    this.#loadBehind?.start()
    await this.#inherit()
  }

  get head(): Head {
    return this.#pipeline.shown.head
  }

  inode(ino: number): Inode | undefined {
    return this.#pipeline.shown.inode(ino)
  }

  lookup(parent: number, name: Name): Dirent | undefined {
    return this.#pipeline.shown.lookup(parent, name)
  }

  list(parent: number, after: Name | undefined, limit: number): NamedDirent[] {
    return this.#pipeline.shown.list(parent, after, limit)
  }

  names(ino: number): readonly NamePlace[] {
    return this.#pipeline.shown.names(ino)
  }

  parentOf(directory: number): number | undefined {
    return this.#pipeline.shown.parentOf(directory)
  }

  ready(): Promise<void> | undefined {
    this.#pace.touch()
    if (this.#committed.source.kind === 'shared') {
      if (this.#isCurrent || this.#meetOwn()) return undefined
    } else if (this.#contact.isOffline || this.#isCurrent) return undefined
    return this.#catchUp()
  }

  get isLoading(): boolean {
    return this.#loadBehind?.isUnderWay ?? false
  }

  async load(missed: NotLoaded): Promise<void> {
    await this.#loadBehind?.load(missed.directory)
  }

  checkChangeable(): void {
    if (this.#closing) throw new FsError(Errno.EIO, 'the file system is being closed')
    this.#pipeline.refuse()
  }

  change(intent: Intent, options: ChangeOptions = {}): unknown | Promise<unknown> {
    this.#pace.touch()
    const { redelivered, rules } = this.#settings
    const done = redelivered.find(options.answers)
    if (done) return done.then(() => rules.replyAgain?.(intent, this))
    this.checkChangeable()
    if (this.#isOvertaken())
      return this.#unanswered.track(this.#catchUp().then(() => this.change(intent, options)))
    const preparing = rules.prepare(intent, this, { isEarly: this.#pipeline.mayAnswerEarly })
    if (preparing) return this.#unanswered.track(this.#submitAfter(preparing, intent, options))
    try {
      return this.#submit(intent, options)
    } catch (error) {
      if (!(error instanceof PrepareAgain)) throw error
      const prepared = this.#prepareFor(error, intent)
      return this.#unanswered.track(this.#submitAfter(prepared, intent, options))
    }
  }

  async settled(): Promise<void> {
    this.#pipeline.hurry()
    await this.#unanswered.settled()
  }

  allocateIno(): number | Promise<number> {
    return this.#inos.allocate()
  }

  poll(): Promise<void> {
    return this.#follow.poll().catch((cause) => {
      throw new FsError(Errno.EIO, 'the log of the volume cannot be followed', { cause })
    })
  }

  async pollAnswered(): Promise<void> {
    await this.poll()
    await this.#pipeline.recallOthers()
  }

  onForeignChange(listener: (change: ForeignChange) => void): void {
    this.#listeners.add(listener)
  }

  onLog(listener: LogListener): () => void {
    return this.#listeners.addOfLog(listener)
  }

  status(): ReplicaStatus {
    const [pipeline, follow, contact] = [this.#pipeline, this.#follow, this.#contact]
    const { head } = this.#committed
    const [loading, isClosed] = [this.#loadBehind, this.#closing !== undefined]
    return replicaStatus({ head, pipeline, follow, contact, loading, isClosed })
  }

  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs)
    return this.#closing
  }

  async #close(deadlineMs: number): Promise<void> {
    const { clock, stop } = this.#settings
    const drained = this.settled().catch(() => {})
    const late = new AbortController()
    const isLate = sleep(clock, deadlineMs, late.signal)
    await Promise.race([drained.then(() => this.#leaseLife.end()), isLate])
    late.abort()
    this.#pace.stop()
    this.#pipeline.stop()
    stop.abort()
    await this.#session.close().catch((error) => {
      this.#settings.logger.warn('the session on the volume could not be ended', { error })
    })
    await this.#settings.copies.close()
  }

  /** Checked and queued here; answered when it is journaled, if it may be, else when it is committed. */
  #submit(intent: Intent, options: ChangeOptions): unknown | Promise<unknown> {
    const accepted = this.#pipeline.accept(intent, options.answers)
    if (accepted.kind === 'unstored')
      return this.#unanswered.track(this.#submitAfter(accepted.upload, intent, options))
    if (accepted.kind === 'queued') return this.#unanswered.track(accepted.member.committed)
    if (accepted.member) this.#unanswered.trackAnswered(accepted.member)
    return accepted.value
  }

  /** What processes of this machine answered before they ended is shown before the first answer. */
  async #inherit(): Promise<void> {
    const { journals, writeLease } = this.#settings
    if (!journals) return
    if (this.#pipeline.takeDead()) await this.#loadBehind?.loadWhole()
    this.#unanswered.trackAll(this.#pipeline.inherit())
    if (writeLease) this.#leaseLife.start()
  }

  #lost(member: Member<Intent>, error: FsError): void {
    if (member.journaled) this.#listeners.tell(lostChange(member.journaled.seen, this.#committed))
    this.#settings.onLost(member.intent, error, idOf(member))
  }

  async #submitAfter(preparing: Promise<void>, intent: Intent, options: ChangeOptions) {
    for (let prepared = preparing; ; ) {
      await prepared
      if (this.#isOvertaken()) await this.#catchUp()
      try {
        return await this.#submit(intent, options)
      } catch (error) {
        if (!(error instanceof PrepareAgain)) throw error
        prepared = this.#prepareFor(error, intent)
      }
    }
  }

  /** What `Rules.apply` missed. */
  async #prepareFor(missed: PrepareAgain, intent: Intent): Promise<void> {
    if (missed instanceof NotLoaded) await this.load(missed)
    else await this.#settings.rules.prepare(intent, this, {})
  }

  /** What a poll was good for counts, not when it came back; where the store is offline, reads go on. */
  async #catchUp(): Promise<void> {
    await this.#follow.join().catch(() => {})
    for (let tries = 0; tries < catchUpTries; tries++) {
      if (this.#isCurrent || this.#contact.isOffline) return
      await this.#follow.poll().catch(() => {})
    }
  }

  get #isCurrent(): boolean {
    if (this.#committed.source.kind === 'shared') return !this.#committed.behind
    return this.#contact.isFresh(this.#pace.ageMsMax)
  }

  /** Whether others have moved the engine's tables on; what was answered here must not be laid over that. */
  #isOvertaken(): boolean {
    if (this.#pipeline.inFlight) this.#meetOwn() // else it would be laid over itself once more
    return this.#committed.behind && !this.#contact.isOffline
  }

  /** The engine's tables have moved on by our own commit, whose answer has not reached us yet. */
  #meetOwn(): boolean {
    const entry = this.#pipeline.ownEntry
    if (entry) this.#follow.absorb([entry])
    return !this.#committed.behind
  }
}
