// One LMDB environment: its sub-databases, its write transactions and what can go wrong with them. A
// process has it open once, however many stores show it (LMDB must not be opened twice in a process);
// several processes may have it open, LMDB's own lock orders their transactions.
//
// Relies on lmdb-js without overlapping sync: an async transaction's promise settles after its
// fdatasync; all transactions asked for in one turn of the event loop share one. Each is a child
// transaction, so that one that throws takes nothing of the others along.

import { realpathSync } from 'node:fs'
import type { Database, RootDatabase, Transaction } from 'lmdb'
import { Errno, FsError } from '../../posix/errno.js'
import { makeLastingFolder } from '../../tables/lasting-folder.js'
import { causeOf, isFromLmdb } from '../../tables/lmdb-error.js'
import type { ByteDatabase } from '../../tables/lmdb-tables.js'
import { StoreUnavailable } from '../store.js'
import { checkDataFile, checkKind } from './check-data-file.js'
import { DiskReserve, isDiskFull } from './disk-reserve.js'
import { DiskRoom, type RootStats } from './disk-room.js'
import { checkFormat } from './format.js'
import { ensureDataFile } from './new-data-file.js'
import { bytes, makeEnvironment, openRoot, unusable } from './open-root.js'
import { OpeningLock } from './opening-lock.js'
import { withTimeLimit } from './time-limit.js'

/** The disk or LMDB refused a transaction; it was probably not done, which only reading can tell. */
export class WriteFailed extends StoreUnavailable {
  readonly diskFull: boolean

  constructor(cause: unknown, directory: string) {
    super(`the embedded store could not write: ${(cause as Error)?.message ?? cause}`, { cause })
    this.diskFull = isDiskFull(cause, directory)
  }
}

export interface WriteOptions {
  /** A full disk is met with the reserve: it removes something, or was answered already. */
  readonly urgent?: boolean
  /** What it may need of the disk, at most. */
  readonly bytes?: number
  /** Large values are among them: see disk-room.ts. */
  readonly isLarge?: boolean
}

/** A read transaction that stays as it is. */
export type SnapshotTransaction = Transaction

const openEnvironments = new Map<string, { environment: Promise<Environment>; users: number }>()
const closing = new Map<string, Promise<unknown>>()

/** Opens (or joins) the environment in `directory`, which is made if it is not there. */
export async function openEnvironment(
  directory: string,
  syncTimeoutMs: number,
): Promise<Environment> {
  makeLastingFolder(directory)
  const path = realpathSync(directory)
  await closing.get(path)
  const opened = openEnvironments.get(path) ?? {
    environment: openAlone(path, syncTimeoutMs),
    users: 0,
  }
  openEnvironments.set(path, opened)
  opened.users++
  try {
    return await opened.environment
  } catch (error) {
    if (openEnvironments.get(path) === opened) openEnvironments.delete(path)
    throw error
  }
}

async function openAlone(path: string, syncTimeoutMs: number): Promise<Environment> {
  const lock = openingLock(path, syncTimeoutMs)
  try {
    return await lock.whileAlone(async () => {
      checkKind(path)
      await checkDataFile(path)
      await ensureDataFile(path, makeEnvironment)
      return new Environment(path, syncTimeoutMs, lock)
    })
  } catch (error) {
    lock.close()
    throw unusable(path, error)
  }
}

export class Environment {
  readonly directory: string
  readonly reserve: DiskReserve
  /** Keys: recordKey. Every volume's records, heads and logs. */
  readonly records: ByteDatabase
  /** Keys: linkKey. */
  readonly links: ByteDatabase
  /** Keys: volume. */
  readonly volumes: ByteDatabase
  /** Volumes whose records (first load given up) or log (deleted) are to go. */
  readonly leftovers: ByteDatabase
  /** Keys: blockKey. Bytes of blocks, and the ledger's rows about them. */
  readonly blocks: ByteDatabase
  readonly ledger: ByteDatabase
  readonly trails: ByteDatabase
  /** JSON by name. */
  readonly owners: ByteDatabase
  readonly environments: ByteDatabase
  readonly leases: ByteDatabase
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #databases: Database<Buffer, Buffer>[] = []
  readonly #room: DiskRoom
  readonly #syncTimeoutMs: number
  readonly #lock: OpeningLock
  #closed = false
  #writes = 0

  /** `lock` is held, by nobody else. */
  constructor(directory: string, syncTimeoutMs: number, lock: OpeningLock) {
    this.#lock = lock
    this.directory = directory
    this.#syncTimeoutMs = syncTimeoutMs
    this.reserve = new DiskReserve(directory)
    this.#root = openRoot(directory, false)
    try {
      const isEmpty = this.#root.getKeysCount({ limit: 1 }) === 0
      const meta = this.#open('meta')
      this.#root.transactionSync(() => checkFormat(meta, isEmpty, directory))
      this.records = this.#open('records')
      this.links = this.#open('links')
      this.volumes = this.#open('volumes')
      this.leftovers = this.#open('leftovers')
      this.blocks = this.#open('blocks')
      this.ledger = this.#open('ledger')
      this.trails = this.#open('trails')
      this.owners = this.#open('owners')
      this.environments = this.#open('environments')
      this.leases = this.#open('leases')
      this.#room = new DiskRoom({
        directory,
        rootStats: () => this.#root.getStats() as RootStats,
        stats: () => this.#databases.map((database) => database.getStats() as RootStats),
      })
      this.reserve.restore()
    } catch (error) {
      void this.#root.close()
      throw unusable(directory, error)
    }
  }

  /** Throws StoreUnavailable once the environment is closed. */
  refresh(): void {
    if (this.#closed) throw new StoreUnavailable('the embedded store is closed')
    this.#root.resetReadTxn()
  }

  /**
   * Runs `run` in a write transaction and resolves when it is on disk. What `run` throws, nothing of
   * it being done, is thrown on. Else throws WriteFailed, or StoreUnavailable after the time limit:
   * then it may have been done, or still be.
   */
  async write<T>(run: () => T, options: WriteOptions = {}): Promise<T> {
    if (this.#closed) throw new StoreUnavailable('the embedded store is closed')
    if (options.urgent && options.bytes) this.reserve.makeRoom(options.bytes)
    try {
      // Bounded: each time the reserve is less.
      for (let tries = 0; ; tries++)
        try {
          if (options.isLarge && options.bytes) this.#checkRoom(options.bytes)
          const result = await this.#transact(run)
          this.#writes++
          if (tries === 0) this.reserve.restore()
          return result
        } catch (error) {
          const isFull = error instanceof WriteFailed && error.diskFull
          if (!isFull || !options.urgent || !this.reserve.release()) throw error
        }
    } finally {
      if (!this.#closed) this.#root.resetReadTxn()
    }
  }

  /** As `write`, for callers to whom a full disk is simply an error. */
  async writeOrFull<T>(run: () => T, options: WriteOptions = {}): Promise<T> {
    try {
      return await this.write(run, options)
    } catch (error) {
      if (error instanceof WriteFailed && error.diskFull)
        throw new FsError(Errno.ENOSPC, `no space left on the disk of ${this.directory}`, {
          cause: error,
        })
      throw error
    }
  }

  /** Calls of `write` that went through here, which may share transactions; transactions of all processes. */
  activity(): { readonly writes: number; readonly transactions: number } {
    return { writes: this.#writes, transactions: (this.#root.getStats() as RootStats).lastTxnId }
  }

  /** A state that reads may go on in after this turn, until `close`. Throws StoreUnavailable when closed. */
  beginSnapshot(): { readonly transaction: SnapshotTransaction; close(): void } {
    this.refresh()
    const transaction = this.#root.useReadTransaction()
    return { transaction, close: () => transaction.done() }
  }

  /** Of data.mdb; what is free in it is used again, and never given back to the disk. */
  usage(): { readonly usedBytes: number; readonly endBytes: number } {
    return this.#room.usage
  }

  /** Frees the reader slots of dead processes, which would keep old pages from being used again. */
  checkReaders(): void {
    if (!this.#closed) this.#root.readerCheck()
  }

  /** Closes it when its last user has. */
  async close(): Promise<void> {
    const opened = openEnvironments.get(this.directory)
    if (opened && --opened.users > 0) return
    openEnvironments.delete(this.directory)
    this.#closed = true
    const ended = this.#root.close().then(() => this.#lock.close())
    const closed = withTimeLimit(ended, this.#syncTimeoutMs, 'closing')
    closing.set(
      this.directory,
      closed.catch(() => undefined),
    )
    await closed.finally(() => closing.delete(this.directory))
  }

  #checkRoom(bytes: number): void {
    try {
      this.#root.resetReadTxn()
      this.#room.check(bytes)
    } catch (error) {
      throw new WriteFailed(error, this.directory)
    }
  }

  async #transact<T>(run: () => T): Promise<T> {
    let thrown: unknown
    const caught = () => {
      try {
        return run()
      } catch (error) {
        thrown = error
        throw error
      }
    }
    try {
      const transaction = this.#lock.write(() => this.#root.childTransaction(caught))
      return await withTimeLimit(transaction, this.#syncTimeoutMs, 'committing')
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error
      if (error === thrown && !isFromLmdb(error)) throw error
      throw new WriteFailed(await causeOf(error), this.directory)
    }
  }

  #open(name: string): ByteDatabase {
    const database = this.#root.openDB<Buffer, Buffer>({ name, ...bytes })
    this.#databases.push(database)
    return database
  }
}

function openingLock(directory: string, timeoutMs: number): OpeningLock {
  try {
    return new OpeningLock(directory, timeoutMs)
  } catch (error) {
    throw unusable(directory, error)
  }
}
