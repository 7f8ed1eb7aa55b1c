// The changes whose end is not known yet: whoever calls fsync waits for those before it.

import { Errno, FsError } from '../posix/errno.js'

export class Unanswered {
  readonly #changes = new Set<Promise<unknown>>()

  track<T>(change: Promise<T>): Promise<T> {
    this.#changes.add(change)
    const end = (): void => {
      this.#changes.delete(change)
    }
    change.then(end, end)
    return change
  }

  trackAll(changes: readonly Promise<unknown>[]): void {
    for (const change of changes) this.track(change)
  }

  /** Resolves when all tracked so far are committed. Rejects EIO where one may be undone. */
  async settled(): Promise<void> {
    const ends = await Promise.allSettled(this.#changes)
    for (const end of ends)
      if (end.status === 'rejected' && !isCheckFailure(end.reason))
        throw new FsError(Errno.EIO, 'a change before this could not be committed', {
          cause: end.reason,
        })
  }
}

/** The errno of a failed check is its own caller's; only EIO means that something may be undone. */
function isCheckFailure(error: unknown): boolean {
  return error instanceof FsError && error.errno !== Errno.EIO
}
