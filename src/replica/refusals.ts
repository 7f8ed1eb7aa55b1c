// What a change gets without being looked at.

import { Errno, FsError } from '../posix/errno.js'
import { VolumeState } from '../volume/head.js'
import type { Committed } from './committed.js'
import type { Contact } from './contact.js'
import type { Follow } from './follow.js'
import { refusedByState } from './settle.js'
import { storeAway } from './store-away.js'

export interface RefusalsContext {
  readonly committed: Committed
  readonly contact: Contact
  readonly follow: Follow
  readonly signal: AbortSignal
}

export class Refusals {
  readonly #context: RefusalsContext

  constructor(context: RefusalsContext) {
    this.#context = context
  }

  /** Throws EROFS, ESTALE, EIO. */
  refuse(): void {
    this.refuseForever()
    if (this.#context.contact.isOffline) throw storeAway()
  }

  /** As `refuse`, for what will not pass. */
  refuseForever(): void {
    const { signal, follow, committed } = this.#context
    if (signal.aborted) throw new FsError(Errno.EIO, 'the file system is closed')
    if (follow.unusable) throw follow.unusable
    if (committed.head.state !== VolumeState.live) throw refusedByState(committed.head.state).error
  }
}
