// Who is told of what other mounts have changed.

import type { ForeignChange } from './replica.js'
import type { ReplicaLogger } from './replica-options.js'

export class ForeignListeners {
  readonly #logger: ReplicaLogger
  readonly #listeners: ((change: ForeignChange) => void)[] = []

  constructor(logger: ReplicaLogger) {
    this.#logger = logger
  }

  add(listener: (change: ForeignChange) => void): void {
    this.#listeners.push(listener)
  }

  tell(change: ForeignChange): void {
    for (const listener of this.#listeners)
      try {
        listener(change)
      } catch (error) {
        // The change is applied already: the others have to learn of it, and following goes on.
        this.#logger.error('a listener failed on a foreign change', { error })
      }
  }
}
