// Who is told of what other mounts have changed, and who of everything that the log brings.

import type { Namespace } from './namespace.js'
import type { ForeignChange, LogListener } from './replica.js'
import type { ReplicaLogger } from './replica-options.js'

export class ForeignListeners {
  readonly #logger: ReplicaLogger
  readonly #listeners: ((change: ForeignChange) => void)[] = []
  readonly #ofLog = new Set<LogListener>()

  constructor(logger: ReplicaLogger) {
    this.#logger = logger
  }

  add(listener: (change: ForeignChange) => void): void {
    this.#listeners.push(listener)
  }

  /** Answers what ends it. */
  addOfLog(listener: LogListener): () => void {
    this.#ofLog.add(listener)
    return () => void this.#ofLog.delete(listener)
  }

  /** Whether anybody is to be told of all that the log brings. */
  get isLogFollowed(): boolean {
    return this.#ofLog.size > 0
  }

  tell(change: ForeignChange): void {
    for (const listener of this.#listeners) this.#call(() => listener(change))
  }

  tellOfLog(change: ForeignChange, now: Namespace): void {
    for (const listener of [...this.#ofLog]) this.#call(() => listener(change, now))
  }

  #call(listener: () => void): void {
    try {
      listener()
    } catch (error) {
      // The change is applied already: the others have to learn of it, and following goes on.
      this.#logger.error('a listener failed on a change', { error })
    }
  }
}
