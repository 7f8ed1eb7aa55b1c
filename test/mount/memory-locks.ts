// Locks of memory-handler.ts: one a file, over all of it, is enough to see the requests come and go.

import type * as fuse from '../../src/fuse/handler.js'
import { Errno } from '../../src/posix/errno.js'

const F_WRLCK = 1
const F_UNLCK = 2

interface Held {
  readonly owner: string
  readonly lock: fuse.FileLock
}

function ownerOf({ owner }: fuse.LockArguments): string {
  return `${owner.hi}:${owner.lo}`
}

export class MemoryLocks {
  readonly #held = new Map<number, Held>()
  readonly #waiting: (() => void)[] = []

  #blocking(nodeid: number, args: fuse.LockArguments): fuse.FileLock | undefined {
    const held = this.#held.get(nodeid)
    return held && held.owner !== ownerOf(args) ? held.lock : undefined
  }

  get(nodeid: number, args: fuse.LockArguments): fuse.LockReply {
    return { lock: this.#blocking(nodeid, args) ?? { ...args.lock, type: F_UNLCK } }
  }

  set(nodeid: number, args: fuse.LockArguments): undefined | number {
    if (this.#blocking(nodeid, args)) return Errno.EAGAIN
    if (args.lock.type === F_UNLCK) {
      this.#held.delete(nodeid)
      for (const wake of this.#waiting.splice(0)) wake()
    } else if (args.lock.type === F_WRLCK || !this.#held.has(nodeid)) {
      this.#held.set(nodeid, { owner: ownerOf(args), lock: args.lock })
    }
    return undefined
  }

  /** Takes the request, and not its signal, so that one is only made for who waits. */
  setOrWait(nodeid: number, args: fuse.LockArguments, request: fuse.Request): fuse.Done {
    return this.#blocking(nodeid, args)
      ? this.#wait(nodeid, args, request.signal)
      : this.set(nodeid, args)
  }

  async #wait(nodeid: number, args: fuse.LockArguments, signal: AbortSignal) {
    while (this.#blocking(nodeid, args) && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    return signal.aborted ? Errno.EINTR : this.set(nodeid, args)
  }
}
