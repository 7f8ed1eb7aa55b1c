// The changes whose end is not known yet: whoever calls fsync waits for those before it.

import { Errno, FsError } from '../posix/errno.js'

/** A change that makes its promise for whoever asks for it. */
export interface Trackable {
  readonly committed: Promise<unknown>
  readonly settled: boolean
  onEnd: (() => void) | undefined
}

export class Unanswered {
  readonly #changes = new Set<Promise<unknown>>()
  readonly #answered = new Set<Trackable>()

  track<T>(change: Promise<T>): Promise<T> {
    this.#changes.add(change)
    const end = (): void => {
      this.#changes.delete(change)
    }
    change.then(end, end)
    return change
  }

  /** As `track`, of a change that nobody waits for yet. */
  trackAnswered(change: Trackable): void {
    if (change.settled) return
    this.#answered.add(change)
    change.onEnd = () => this.#answered.delete(change)
  }

  trackAll(changes: readonly Promise<unknown>[]): void {
    for (const change of changes) this.track(change)
  }

  /** Resolves when all tracked so far are committed. Rejects EIO where one may be undone. */
  async settled(): Promise<void> {
    const answered = [...this.#answered].map(({ committed }) => committed)
    const ends = await Promise.allSettled([...answered, ...this.#changes])
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
