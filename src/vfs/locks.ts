// Locks of fcntl(2) and flock(2) within this vfs, for whoever does not leave them to the kernel. They
// are advisory, live in memory and end with their owner. The two kinds do not see each other, as in
// Linux.

import { Errno, FsError } from '../posix/errno.js'
import { conflictingLock, withRange } from '../posix/lock-ranges.js'
import { type FileLock, LockType } from './vfs.js'

interface Waiter {
  readonly ino: number
  readonly lock: FileLock
  readonly retry: () => void
}

export class Locks {
  /** By inode; both kinds, told apart by `flock`. */
  readonly #held = new Map<number, FileLock[]>()
  readonly #waiters = new Set<Waiter>()

  /** The lock that is in the way. */
  conflict(ino: number, lock: FileLock): FileLock | undefined {
    return conflictingLock(this.#of(ino, lock.flock), lock)
  }

  /** EAGAIN; type `unlock` releases. */
  set(ino: number, lock: FileLock): void {
    if (lock.type !== LockType.unlock && this.conflict(ino, lock)) throw new FsError(Errno.EAGAIN)
    const others = (this.#held.get(ino) ?? []).filter(({ flock }) => flock !== lock.flock)
    const held = [...others, ...withRange(this.#of(ino, lock.flock), lock)]
    if (held.length > 0) this.#held.set(ino, held)
    else this.#held.delete(ino)
    this.#wake(ino)
  }

  /** Waits until nothing is in the way. EINTR when aborted, EDEADLK for a circle of fcntl owners. */
  setWaiting(
    ino: number,
    lock: FileLock,
    signal: (() => AbortSignal) | undefined,
  ): void | Promise<void> {
    if (lock.type === LockType.unlock || !this.conflict(ino, lock)) return this.set(ino, lock)
    if (!lock.flock && this.#closesCircle(ino, lock)) throw new FsError(Errno.EDEADLK)
    return this.#wait(ino, lock, signal?.())
  }

  /** Drops all locks of one owner: fcntl's at any close, flock's at the last. */
  release(ino: number, owner: string, flock: boolean): void {
    if (!this.#held.has(ino)) return
    this.set(ino, { owner, flock, start: 0, end: Infinity, type: LockType.unlock, pid: 0 })
  }

  #of(ino: number, flock: boolean): FileLock[] {
    return this.#held.get(ino)?.filter((lock) => lock.flock === flock) ?? []
  }

  #wait(ino: number, lock: FileLock, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiters.delete(waiter)
        signal?.removeEventListener('abort', interrupt)
      }
      const interrupt = () => {
        end()
        reject(new FsError(Errno.EINTR))
      }
      const retry = () => {
        if (this.conflict(ino, lock)) return
        end()
        this.set(ino, lock)
        resolve()
      }
      const waiter = { ino, lock, retry }
      if (signal?.aborted) return interrupt()
      signal?.addEventListener('abort', interrupt)
      this.#waiters.add(waiter)
    })
  }

  #wake(ino: number): void {
    for (const waiter of [...this.#waiters]) if (waiter.ino === ino) waiter.retry()
  }

  /** Whether whoever is in the way waits, over any number of others, for this very owner. */
  #closesCircle(ino: number, lock: FileLock): boolean {
    const visited = new Set<string>()
    let blocker = this.conflict(ino, lock)?.owner
    while (blocker !== undefined && !visited.has(blocker)) {
      if (blocker === lock.owner) return true
      visited.add(blocker)
      blocker = this.#blockerOf(blocker)
    }
    return false
  }

  #blockerOf(owner: string): string | undefined {
    for (const waiter of this.#waiters)
      if (!waiter.lock.flock && waiter.lock.owner === owner)
        return this.conflict(waiter.ino, waiter.lock)?.owner
    return undefined
  }
}
