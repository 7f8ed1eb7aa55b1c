// A mount's replica of one volume: the parts of this folder put together behind the interface of
// replica.ts. Made by open-replica.ts.

import { Errno, FsError } from '../posix/errno.js'
import type { Head } from '../volume/head.js'
import { VolumeState } from '../volume/head.js'
import type { Dirent, Inode } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import type { Committed } from './committed.js'
import { Contact, type Moment } from './contact.js'
import { Follow } from './follow.js'
import { InoLease } from './ino-lease.js'
import { type LoadBehind, loadBehind } from './load-behind.js'
import type { NamedDirent, NamePlace } from './namespace.js'
import { Pace } from './pace.js'
import { Pipeline } from './pipeline.js'
import {
  type ChangeOptions,
  type ForeignChange,
  NotLoaded,
  PrepareAgain,
  type Replica,
  type ReplicaState,
  type ReplicaStatus,
} from './replica.js'
import type { Settings } from './replica-options.js'
import type { Session } from './session.js'
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
  #loadBehind: LoadBehind | undefined
  readonly #listeners: ((change: ForeignChange) => void)[] = []
  readonly #unanswered = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined

  constructor(settings: Settings<Intent>, committed: Committed, session: Session, loaded: Moment) {
    this.#settings = settings
    this.#committed = committed
    this.#session = session
    const { clock, logger } = settings
    this.#contact = new Contact(clock, logger, loaded, () => this.#pipeline.goOffline())
    this.#inos = new InoLease(settings)
    this.#follow = new Follow({
      ...settings,
      committed,
      contact: this.#contact,
      isOwn: (entry) => this.#pipeline.meet(entry),
      onForeign: (change) => this.#tell(change),
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
      prepareFor: (missed, intent) => this.#prepareFor(missed, intent),
      changesMax: settings.batchChangesMax,
      bytesMax: settings.batchBytesMax,
    })
    this.#pace = new Pace({ ...settings, poll: () => this.#follow.join() })
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
  }

  get head(): Head {
    return this.#committed.head
  }

  inode(ino: number): Inode | undefined {
    return this.#committed.inode(ino)
  }

  lookup(parent: number, name: Name): Dirent | undefined {
    return this.#committed.lookup(parent, name)
  }

  list(parent: number, after: Name | undefined, limit: number): NamedDirent[] {
    return this.#committed.list(parent, after, limit)
  }

  names(ino: number): readonly NamePlace[] {
    return this.#committed.names(ino)
  }

  parentOf(directory: number): number | undefined {
    return this.#committed.parentOf(directory)
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

  change(intent: Intent, options: ChangeOptions = {}): unknown | Promise<unknown> {
    this.#pace.touch()
    if (this.#closing) throw new FsError(Errno.EIO, 'the file system is being closed')
    this.#pipeline.refuse()
    const preparing = this.#settings.rules.prepare(intent, this, undefined)
    if (preparing) return this.#track(this.#submitAfter(preparing, intent, options))
    try {
      return this.#submit(intent, options)
    } catch (error) {
      if (!(error instanceof PrepareAgain)) throw error
      return this.#track(this.#submitAfter(this.#prepareFor(error, intent), intent, options))
    }
  }

  async settled(): Promise<void> {
    const ends = await Promise.allSettled(this.#unanswered)
    for (const end of ends)
      if (end.status === 'rejected' && !isCheckFailure(end.reason))
        throw new FsError(Errno.EIO, 'a change before this could not be committed', {
          cause: end.reason,
        })
  }

  allocateIno(): number | Promise<number> {
    return this.#inos.allocate()
  }

  poll(): Promise<void> {
    return this.#follow.poll().catch((cause) => {
      throw new FsError(Errno.EIO, 'the log of the volume cannot be followed', { cause })
    })
  }

  onForeignChange(listener: (change: ForeignChange) => void): void {
    this.#listeners.push(listener)
  }

  status(): ReplicaStatus {
    const { counts, queued, inFlight } = this.#pipeline
    return {
      state: this.#state(),
      seq: this.#committed.head.seq,
      inodes: this.#committed.head.usedInodes,
      queued,
      inFlight,
      ...counts,
      reloads: this.#follow.epoch,
      polls: this.#follow.polls,
      ...(this.isLoading ? { loading: { records: this.#loadBehind?.records ?? 0 } } : {}),
      contactAgeMs: this.#contact.ageMs,
    }
  }

  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs)
    return this.#closing
  }

  async #close(deadlineMs: number): Promise<void> {
    const { clock, stop } = this.#settings
    const drained = this.settled().catch(() => {})
    const late = new AbortController()
    await Promise.race([drained, sleep(clock, deadlineMs, late.signal)])
    late.abort()
    this.#pace.stop()
    this.#pipeline.stop()
    stop.abort()
    await this.#session.close().catch((error) => {
      this.#settings.logger.warn('the session on the volume could not be ended', { error })
    })
    await this.#settings.copies.close()
  }

  /** Checked and queued here; answered when committed: for now these two moments are all there are. */
  #submit(intent: Intent, options: ChangeOptions): unknown | Promise<unknown> {
    const accepted = this.#pipeline.accept(intent, options.answers)
    if (accepted.kind === 'done') return accepted.value
    return this.#track(accepted.member.committed)
  }

  async #submitAfter(
    preparing: Promise<void>,
    intent: Intent,
    options: ChangeOptions,
  ): Promise<unknown> {
    for (let prepared = preparing; ; ) {
      await prepared
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
    else await this.#settings.rules.prepare(intent, this, undefined)
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#unanswered.add(work)
    const end = (): void => {
      this.#unanswered.delete(work)
    }
    work.then(end, end)
    return work
  }

  /**
   * A poll that began long ago may come back only now, so what counts is what it was good for. After
   * two failures the store counts as offline, and reads go on from what is here.
   */
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

  /** The engine's tables have moved on by our own commit, whose answer has not reached us yet. */
  #meetOwn(): boolean {
    const { source } = this.#committed
    const head = source.kind === 'shared' ? source.tables.head() : undefined
    const entry = head && this.#pipeline.sentEntry(head)
    if (entry) this.#follow.absorb([entry])
    return !this.#committed.behind
  }

  #tell(change: ForeignChange): void {
    if (change.reloaded) this.#pipeline.forgetChecks()
    for (const listener of this.#listeners)
      try {
        listener(change)
      } catch (error) {
        // The change is applied already: the others have to learn of it, and following goes on.
        this.#settings.logger.error('a listener failed on a foreign change', { error })
      }
  }

  #state(): ReplicaState {
    if (this.#closing) return 'closed'
    if (this.#follow.unusable || this.#committed.head.state !== VolumeState.live) return 'frozen'
    return this.#contact.isOffline ? 'offline' : 'live'
  }
}

/** The errno of a failed check is its own caller's; only EIO means that something may be undone. */
function isCheckFailure(error: unknown): boolean {
  return error instanceof FsError && error.errno !== Errno.EIO
}
