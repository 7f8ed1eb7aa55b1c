// Who must not be shown anything older than what other processes have answered: waits until none of them has
// the write lease, which is recalled for it. What the holder had answered is committed before it is released.

import { Errno, FsError } from '../posix/errno.js'
import type { Clock } from '../volume/clock.js'

/** How long a holder that lives may take to commit what it has answered. */
const waitMsMax = 60_000

interface Waiting {
  end(error?: FsError): void
}

export class Recalls {
  readonly #clock: Clock
  readonly #waiting = new Set<Waiting>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Another process' lease is to be recalled although nothing is to be committed here. */
  get areWished(): boolean {
    return this.#waiting.size > 0
  }

  /** Resolves with the next `done`. Rejects with FsError EIO after a minute, and with `fail`. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        end: (error) => {
          cancel()
          this.#waiting.delete(waiting)
          if (error) reject(error)
          else resolve()
        },
      }
      const cancel = this.#clock.setTimer(waitMsMax, () =>
        waiting.end(new FsError(Errno.EIO, 'another mount does not give the write lease back')),
      )
      this.#waiting.add(waiting)
    })
  }

  /** No other process has the lease. */
  done(): void {
    for (const waiting of [...this.#waiting]) waiting.end()
  }

  fail(error: FsError): void {
    for (const waiting of [...this.#waiting]) waiting.end(error)
  }
}
