// Keeps processes from opening an environment while others write to it. LMDB, as lmdb-js builds it, sets the
// number of the last transaction anew whenever somebody opens it (`mti_txnid` in mdb_env_open2 of mdb.c), from a
// page that it has read a moment before, and without the write lock. A transaction that ends in between would be
// forgotten: the next one takes its number and its pages.
//
// Two files, locked by flock(2), and so by nobody once a process has ended. Whoever writes holds `writing`
// shared; whoever opens holds it alone. So that writers do not keep those who open out for ever, each passes
// `opening` first, which an opener holds until it is through.

import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { tryLock, unlock } from '../../native/flock.js'
import { StoreUnavailable } from '../store.js'

/** How often who waits looks again. Whoever opens takes a few milliseconds. */
const againMs = 2

export class OpeningLock {
  readonly #opening: number
  readonly #writing: number
  readonly #timeoutMs: number
  /** Transactions of this process on their way. */
  #writers = 0

  /** `directory` is there. Throws as open(2) does. */
  constructor(directory: string, timeoutMs: number) {
    this.#timeoutMs = timeoutMs
    this.#opening = openLock(join(directory, 'opening'))
    try {
      this.#writing = openLock(join(directory, 'writing'))
    } catch (error) {
      closeSync(this.#opening)
      throw error
    }
  }

  /** Runs `open` while no other process writes or opens. Rejects StoreUnavailable where one does for too long. */
  async whileAlone<T>(open: () => T | Promise<T>): Promise<T> {
    await this.#until(() => tryLock(this.#opening, 'exclusive'))
    try {
      await this.#until(() => tryLock(this.#writing, 'exclusive'))
      return await open()
    } finally {
      unlock(this.#writing)
      unlock(this.#opening)
    }
  }

  /**
   * Runs `write`, a transaction whose promise settles when it has ended, while no process opens. At once where
   * none does. Rejects StoreUnavailable, nothing being done, where one takes too long.
   */
  write<T>(write: () => Promise<T>): Promise<T> {
    if (this.#enter()) return this.#counted(write)
    return this.#until(() => this.#enter()).then(() => this.#counted(write))
  }

  close(): void {
    closeSync(this.#opening)
    closeSync(this.#writing)
  }

  #enter(): boolean {
    if (!tryLock(this.#opening, 'shared')) return false
    try {
      if (this.#writers === 0 && !tryLock(this.#writing, 'shared')) return false
      this.#writers++
      return true
    } finally {
      unlock(this.#opening)
    }
  }

  #counted<T>(write: () => Promise<T>): Promise<T> {
    const leave = () => {
      this.#writers--
      if (this.#writers === 0) unlock(this.#writing)
    }
    try {
      const written = write()
      written.then(leave, leave)
      return written
    } catch (error) {
      leave()
      throw error
    }
  }

  async #until(isDone: () => boolean): Promise<void> {
    const endMs = performance.now() + this.#timeoutMs
    while (!isDone()) {
      if (performance.now() > endMs)
        throw new StoreUnavailable('the embedded store is kept busy by another process')
      await sleep(againMs)
    }
  }
}

function openLock(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
}
