// Inode numbers: taken from ranges that are leased per owner in the registry, so that no two volumes of
// an owner ever give one number. The next range is leased before the present one is used up; a range
// whose lease had no clear outcome is not used.

import { Errno, FsError } from '../posix/errno.js'
import { type OwnerEntry, type Store, StoreUnavailable } from '../store/store.js'
import type { Clock } from '../volume/clock.js'
import type { Uuid } from '../volume/record.js'
import { afterRunning } from './running-time.js'
import { backoffMs, sleep, withTimeLimit } from './waiting.js'

const rangeFirst = 1024
const rangeMax = 65_536
const attemptsMax = 20
const inoEnd = 2 ** 53

export interface InoLeaseContext {
  readonly store: Store
  readonly owner: Uuid
  readonly ownerName: string
  readonly clock: Clock
  readonly random: () => number
  readonly storeTimeoutMs: number
  /** How long whoever asks waits for a store that does not answer. */
  readonly deadlineMs: number
  /** The store is known not to answer: nobody waits for it. */
  readonly isOffline: () => boolean
  readonly signal: AbortSignal
}

interface Range {
  next: number
  readonly end: number
}

export class InoLease {
  readonly #context: InoLeaseContext
  #range: Range = { next: 0, end: 0 }
  #following: Range | undefined
  #leasing: Promise<void> | undefined
  #rangeSize = rangeFirst
  /** No number up to this may be given. */
  #floor = 0
  /** Ranges leased under an older epoch are not used. */
  #epoch = 0

  constructor(context: InoLeaseContext) {
    this.#context = context
  }

  /** A number that was never given before; a promise only while none is leased. Rejects EIO. */
  allocate(): number | Promise<number> {
    const ino = this.#take()
    if (ino === undefined) return this.#allocateLater()
    if (!this.#following && this.#range.end - this.#range.next < this.#rangeSize / 4)
      this.#lease().catch(() => {
        // Whoever finds the range used up tries again, and sees the error.
      })
    return ino
  }

  /**
   * The registry may have gone back in time: nothing leased before counts, nor any number seen. Leases
   * at once, which raises the registry's next number for the owner's other volumes as well.
   */
  discard(highestIno: number): void {
    this.#floor = Math.max(this.#floor, highestIno, this.#range.end - 1)
    if (this.#following) this.#floor = Math.max(this.#floor, this.#following.end - 1)
    this.#epoch++
    this.#range = { next: 0, end: 0 }
    this.#following = undefined
    this.#leasing = undefined
    this.#lease().catch(() => {
      // The next allocation tries again, and raises the number or sees the error.
    })
  }

  #take(): number | undefined {
    if (this.#range.next >= this.#range.end && this.#following) {
      this.#range = this.#following
      this.#following = undefined
    }
    return this.#range.next < this.#range.end ? this.#range.next++ : undefined
  }

  async #allocateLater(): Promise<number> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      await this.#lease()
      const ino = this.#take()
      if (ino !== undefined) return ino
    }
    throw new FsError(Errno.EIO, 'no inode numbers could be leased')
  }

  #lease(): Promise<void> {
    const epoch = this.#epoch
    this.#leasing ??= this.#leaseNow().finally(() => {
      if (epoch === this.#epoch) this.#leasing = undefined
    })
    return this.#leasing
  }

  async #leaseNow(): Promise<void> {
    const { clock, deadlineMs } = this.#context
    let isOver = false
    const cancel = afterRunning(clock, deadlineMs, () => {
      isOver = true
    })
    await this.#leaseUntil(() => isOver).finally(cancel)
  }

  async #leaseUntil(isOver: () => boolean): Promise<void> {
    const epoch = this.#epoch
    const { clock, random, signal, isOffline } = this.#context
    for (let attempt = 0; attempt < attemptsMax && !signal.aborted; attempt++) {
      const range = await this.#tryLease().catch((cause: unknown) => {
        const mayAnswerYet = !isOffline() && !isOver()
        if (cause instanceof StoreUnavailable && mayAnswerYet) return undefined
        if (cause instanceof FsError) throw cause
        throw new FsError(Errno.EIO, 'no inode numbers could be leased', { cause })
      })
      if (epoch !== this.#epoch) return
      if (range) {
        this.#following = range
        this.#rangeSize = Math.min(rangeMax, this.#rangeSize * 2)
        return
      }
      await sleep(clock, backoffMs(attempt, random), signal)
    }
    throw new FsError(Errno.EIO, 'no inode numbers could be leased')
  }

  /** Undefined where somebody else was faster, or nobody knows. Rejects StoreUnavailable, FsError. */
  async #tryLease(): Promise<Range | undefined> {
    const { store, ownerName } = this.#context
    const present = await this.#limited(store.readOwner(ownerName))
    if (!present) throw new FsError(Errno.ESTALE, `owner "${ownerName}" does not exist any more`)
    const first = Math.max(present.nextIno, this.#floor + 1)
    const next = first + this.#rangeSize
    if (next > inoEnd) throw new FsError(Errno.EIO, 'all inode numbers of the owner are used up')
    const entry: OwnerEntry = { ...present, nextIno: next }
    const swap = store.compareAndSetOwner(ownerName, present, entry)
    const outcome = await this.#limited(swap)
    return outcome.kind === 'applied' ? { next: first, end: next } : undefined
  }

  #limited<T>(work: Promise<T>): Promise<T> {
    const { clock, storeTimeoutMs } = this.#context
    return withTimeLimit(clock, storeTimeoutMs, 'lease inode numbers', work)
  }
}
