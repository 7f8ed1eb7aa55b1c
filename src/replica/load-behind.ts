// Loads a large volume while it is in use: a directory when somebody asks for it, the rest behind, in
// key order. What a page of records says may be newer than the copy: so after each page the head is
// read (which completes a commit under way), the log is followed to there, and of the page is taken
// what the log has not touched.

import { Errno, FsError } from '../posix/errno.js'
import { type ScanPage, StoreUnavailable } from '../store/store.js'
import type { WritableTables } from '../tables/tables.js'
import { rootIno } from '../volume/inode.js'
import { direntPointer } from '../volume/inode-codec.js'
import { type Key, RecordKind, type VolumeRecord } from '../volume/record.js'
import type { Committed } from './committed.js'
import type { Contact } from './contact.js'
import type { Coverage } from './coverage.js'
import type { Follow } from './follow.js'
import { type LoadContext, readHead } from './load.js'
import type { ReplicaLogger } from './replica-options.js'
import { storeAway } from './store-away.js'
import { sleep, withTimeLimit } from './waiting.js'

const retryMsMin = 1000
const retryMsMax = 60_000
/** Inode records asked for at a time. */
const inodesAtOnce = 16

export interface LoadBehindContext extends LoadContext {
  readonly tables: WritableTables
  readonly coverage: Coverage
  readonly follow: Follow
  readonly contact: Contact
  readonly logger: ReplicaLogger
  /** How long somebody waits for a directory before EIO. */
  readonly deadlineMs: number
  /** Everything is loaded. */
  readonly onEnd: (tables: WritableTables) => void
}

/** Undefined where everything is there already. */
export function loadBehind(
  { source }: Committed,
  context: Omit<LoadBehindContext, 'tables' | 'coverage'>,
): LoadBehind | undefined {
  if (source.kind !== 'copy' || !source.coverage) return undefined
  return new LoadBehind({ ...context, tables: source.tables, coverage: source.coverage })
}

export class LoadBehind {
  readonly #context: LoadBehindContext
  readonly #epoch: number
  readonly #loading = new Map<number, Promise<void>>()
  /** How far directories have come whose load failed on the way. */
  readonly #reached = new Map<number, string>()
  #whole: Promise<void> | undefined
  #records = 0
  #isOver = false

  constructor(context: LoadBehindContext) {
    this.#context = context
    this.#epoch = context.follow.epoch
  }

  /** False once the whole volume is loaded, by this or by a reload. */
  get isUnderWay(): boolean {
    return !this.#isOver && this.#context.follow.epoch === this.#epoch
  }

  /** Dirents and inode records that came in the pages of the scan. */
  get records(): number {
    return this.#records
  }

  /** The root's attributes, without which nothing can be answered. Rejects StoreUnavailable. */
  begin(): Promise<void> {
    return this.#take(() => this.#inodes([rootIno]))
  }

  /** The rest, until it is all there, the replica closes or reloads. */
  start(): void {
    this.#whole = this.#run()
  }

  /** The entries of a directory; undefined: everything. Rejects with FsError EIO. */
  async load(directory: number | undefined): Promise<void> {
    const { coverage, contact, clock, deadlineMs, signal } = this.#context
    if (!this.isUnderWay || (directory !== undefined && coverage.covers(directory))) return
    if (contact.isOffline) throw storeAway()
    const loading = directory === undefined ? this.#whole : this.#directory(directory)
    const what = directory === undefined ? 'the volume' : `directory ${directory}`
    try {
      await withTimeLimit(clock, deadlineMs, `load ${what}`, loading ?? Promise.resolve())
      // The scan ends then too, and whoever reads again would come here again.
      if (signal.aborted) throw new StoreUnavailable('given up: the replica is being closed')
    } catch (cause) {
      throw new FsError(Errno.EIO, `${what} is not loaded yet`, { cause })
    }
  }

  /** As `load`, of everything, for however long that takes. */
  async loadWhole(): Promise<void> {
    const { clock, signal } = this.#context
    while (this.isUnderWay && !signal.aborted)
      await this.load(undefined).catch(() => sleep(clock, retryMsMin, signal))
  }

  async #run(): Promise<void> {
    const { tables, coverage, clock, signal, logger, onEnd } = this.#context
    const startedMs = clock.monotonicMs()
    let retryMs = retryMsMin
    for (let after: Key | undefined; this.isUnderWay && !signal.aborted; ) {
      try {
        const page = await this.#page(after)
        if (!this.isUnderWay) return
        coverage.scannedTo(page.after)
        this.#records += page.records.length
        after = page.after
        retryMs = retryMsMin
        if (after) continue
        this.#isOver = true
        onEnd(tables)
        const durationMs = Math.round(clock.monotonicMs() - startedMs)
        logger.info('the volume is loaded', { records: this.#records, durationMs })
      } catch (error) {
        if (signal.aborted) return
        // Whether the store answers is told by whoever follows the log.
        if (!(error instanceof StoreUnavailable))
          logger.error('a page of the volume cannot be loaded', { after, error })
        await sleep(clock, retryMs, signal)
        retryMs = Math.min(retryMsMax, 2 * retryMs)
      }
    }
  }

  async #page(after: Key | undefined): Promise<ScanPage> {
    const { store, volume, pageSize } = this.#context
    let page: ScanPage = { records: [], after: undefined }
    await this.#take(async () => {
      page = await this.#limited(store.scan(volume, after, pageSize))
      return this.#withInodes(page.records)
    })
    return page
  }

  /** One load for all who ask. */
  #directory(ino: number): Promise<void> {
    let loading = this.#loading.get(ino)
    if (!loading) {
      loading = this.#entries(ino).finally(() => this.#loading.delete(ino))
      this.#loading.set(ino, loading)
    }
    return loading
  }

  /** Page by page; where one fails, the next attempt goes on from there. */
  async #entries(ino: number): Promise<void> {
    const { store, volume, pageSize, coverage } = this.#context
    for (let after = this.#reached.get(ino); this.isUnderWay; ) {
      let next: Key | undefined
      await this.#take(async () => {
        const page = await this.#limited(store.scanDirectory(volume, ino, after, pageSize))
        next = page.after
        return this.#withInodes(page.records)
      })
      if (!next) break
      after = next.name
      this.#reached.set(ino, after)
    }
    this.#reached.delete(ino)
    coverage.addDirectory(ino)
  }

  /** Records, and the inode records that entries among them point to. */
  async #withInodes(records: readonly VolumeRecord[]): Promise<VolumeRecord[]> {
    const { tables } = this.#context
    const inos = linkedInodes(records)
    const missing = inos.filter((ino) => !tables.get(RecordKind.inode, ino, ''))
    return [...records, ...(await this.#inodes(missing))]
  }

  /** The inode records of these inodes, as far as there are any. */
  async #inodes(inos: readonly number[]): Promise<VolumeRecord[]> {
    const records: VolumeRecord[] = []
    for (let from = 0; from < inos.length; from += inodesAtOnce) {
      const some = inos.slice(from, from + inodesAtOnce)
      for (const record of await Promise.all(some.map((ino) => this.#inode(ino))))
        if (record) records.push(record)
    }
    return records
  }

  async #inode(ino: number): Promise<VolumeRecord | undefined> {
    const { store, volume } = this.#context
    const before = { kind: RecordKind.inode, parent: ino - 1, name: '' }
    const { records } = await this.#limited(store.scan(volume, before, 1))
    const [record] = records
    return record?.kind === RecordKind.inode && record.parent === ino ? record : undefined
  }

  /** Reads records, follows the log to where they may be from, and takes what it did not touch. */
  async #take(read: () => Promise<VolumeRecord[]>): Promise<void> {
    const { follow, tables, coverage, signal } = this.#context
    const records = await read()
    const head = await readHead(this.#context)
    if (head) follow.announce(head.seq)
    await follow.poll()
    if (signal.aborted) throw new StoreUnavailable('given up: the replica is being closed')
    // When everything is here, nobody notes any more what the log touches.
    if (this.isUnderWay) tables.load(coverage.untouched(records))
  }

  #limited<T>(work: Promise<T>): Promise<T> {
    const { clock, storeTimeoutMs } = this.#context
    return withTimeLimit(clock, storeTimeoutMs, 'read the records', work)
  }
}

/** Inodes of entries that do not hold their attributes themselves: those with several names. */
function linkedInodes(records: readonly VolumeRecord[]): number[] {
  const inos = new Set<number>()
  for (const record of records) {
    if (record.kind !== RecordKind.dirent) continue
    const ino = direntPointer(record.value)
    if (ino !== undefined) inos.add(ino)
  }
  return [...inos]
}
