// Loads a large volume while it is in use: a directory when somebody asks for it, the rest behind, in
// key order. What a page of records says may be newer than the copy: so after each page the head is
// read (which completes a commit under way), the log is followed to there, and of the page is taken
// what the log has not touched.

import { Errno, FsError } from '../posix/errno.js'
import { type ScanPage, StoreUnavailable } from '../store/store.js'
import type { WritableTables } from '../tables/tables.js'
import { rootIno } from '../volume/inode.js'
import { decodeDirent } from '../volume/inode-codec.js'
import { type Key, RecordKind, type VolumeRecord } from '../volume/record.js'
import type { Committed } from './committed.js'
import type { Contact } from './contact.js'
import type { Coverage } from './coverage.js'
import type { Follow } from './follow.js'
import { type LoadContext, readHead } from './load.js'
import type { ReplicaLogger } from './replica-options.js'
import { sleep, withTimeLimit } from './waiting.js'

const retryMs = 1000

export interface LoadBehindContext extends LoadContext {
  readonly tables: WritableTables
  readonly coverage: Coverage
  readonly follow: Follow
  readonly contact: Contact
  readonly logger: ReplicaLogger
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
  #records = 0
  #isOver = false

  constructor(context: LoadBehindContext) {
    this.#context = context
    this.#epoch = context.follow.epoch
  }

  /** False once the whole volume is loaded, by this or by a reload. */
  get isUnderWay(): boolean {
    return !this.#isOver && !this.#isSuperseded
  }

  /** Dirents and inode records that came in the pages of the scan. */
  get records(): number {
    return this.#records
  }

  /** The root's attributes, without which nothing can be answered. Rejects StoreUnavailable. */
  begin(): Promise<void> {
    return this.#take(() => this.#inodes([rootIno]))
  }

  /** A directory whose entries are not here yet. Rejects with FsError EIO. */
  directory(ino: number): Promise<void> {
    if (!this.isUnderWay || this.#context.coverage.covers(ino)) return Promise.resolve()
    if (this.#context.contact.isOffline)
      return Promise.reject(new FsError(Errno.EIO, 'the store does not answer'))
    let loading = this.#loading.get(ino)
    if (!loading) {
      loading = this.#directory(ino).finally(() => this.#loading.delete(ino))
      this.#loading.set(ino, loading)
    }
    return loading
  }

  /** The rest, until it is all there, the replica closes or reloads. Never rejects. */
  async run(): Promise<void> {
    const { tables, coverage, clock, signal, logger, onEnd } = this.#context
    const startedMs = clock.monotonicMs()
    for (let after: Key | undefined; this.isUnderWay && !signal.aborted; ) {
      try {
        const page = await this.#page(after)
        if (!this.isUnderWay) return
        coverage.scannedTo(page.after)
        this.#records += page.records.length
        after = page.after
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
      }
    }
  }

  get #isSuperseded(): boolean {
    return this.#context.follow.epoch !== this.#epoch
  }

  async #page(after: Key | undefined): Promise<ScanPage> {
    const { store, volume, pageSize } = this.#context
    let page: ScanPage = { records: [], after: undefined }
    await this.#take(async () => {
      page = await this.#limited(store.scan(volume, after, pageSize))
      return [...page.records, ...(await this.#inodes(linkedInodes(page.records)))]
    })
    return page
  }

  async #directory(ino: number): Promise<void> {
    try {
      await this.#take(() => this.#entries(ino))
      this.#context.coverage.addDirectory(ino)
    } catch (cause) {
      throw new FsError(Errno.EIO, `directory ${ino} cannot be loaded`, { cause })
    }
  }

  /** All entries of a directory, and the inode records that they point to. */
  async #entries(ino: number): Promise<VolumeRecord[]> {
    const { store, volume, pageSize } = this.#context
    const records: VolumeRecord[] = []
    for (let after: string | undefined; ; ) {
      const page = await this.#limited(store.scanDirectory(volume, ino, after, pageSize))
      for (const record of page.records) records.push(record)
      if (!page.after) break
      after = page.after.name
    }
    for (const record of await this.#inodes(linkedInodes(records))) records.push(record)
    return records
  }

  /** The inode records of these inodes, as far as there are any. */
  async #inodes(inos: readonly number[]): Promise<VolumeRecord[]> {
    const { store, volume } = this.#context
    const records: VolumeRecord[] = []
    for (const ino of inos) {
      const before = { kind: RecordKind.inode, parent: ino - 1, name: '' }
      const page = await this.#limited(store.scan(volume, before, 1))
      const [record] = page.records
      if (record?.kind === RecordKind.inode && record.parent === ino) records.push(record)
    }
    return records
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
    const { ino, inode } = decodeDirent(record.value)
    if (!inode) inos.add(ino)
  }
  return [...inos]
}
