// Changes that were answered and are found lost by the batch that is about to be sent: its entry also says that
// nobody shall carry them on, so whoever keeps what is lost has to do it before. The batch may yet lose its
// race, and the next find otherwise.

import { Errno, FsError } from '../posix/errno.js'
import type { Member } from './member.js'
import type { ReplicaLogger } from './replica-options.js'

/** A change that will be told lost; `id`: the same for this change in every process that carries it on. */
export interface LosingChange<Intent> {
  readonly intent: Intent
  readonly error: FsError
  readonly id: string
}

export interface LosingContext<Intent> {
  /** As ReplicaOptions. Does not reject. */
  readonly onLosing: (changes: readonly LosingChange<Intent>[]) => Promise<void> | undefined
  readonly onSpared: (change: Pick<LosingChange<Intent>, 'intent' | 'id'>) => void
  readonly logger: ReplicaLogger
}

export class Losing<Intent> {
  readonly #context: LosingContext<Intent>
  readonly #told = new Set<Member<Intent>>()

  constructor(context: LosingContext<Intent>) {
    this.#context = context
  }

  /** These are about to be sent. Undefined (nearly always): none of them is lost. */
  tell(members: readonly Member<Intent>[]): Promise<void> | undefined {
    const changes: LosingChange<Intent>[] = []
    for (const member of members) {
      const { intent, isEarly, verdict } = member
      const id = idOf(member)
      if (!isEarly || !id || verdict?.kind !== 'failed' || this.#told.has(member)) continue
      this.#told.add(member)
      changes.push({ intent, error: lossOf(verdict.error), id })
    }
    if (changes.length === 0) return undefined
    try {
      return this.#context.onLosing(changes)
    } catch (error) {
      // It is told lost all the same.
      this.#context.logger.error('what is lost cannot be kept', { error })
      return undefined
    }
  }

  /** These are in the log: what became of them is as their verdicts say. */
  landed(members: readonly Member<Intent>[]): void {
    if (this.#told.size === 0) return
    for (const member of members) {
      const id = idOf(member)
      if (!this.#told.delete(member) || !id || member.verdict?.kind !== 'done') continue
      this.#context.onSpared({ intent: member.intent, id })
    }
  }
}

/** What a change is told that was answered, and cannot be done. */
export function lossOf(cause: unknown): FsError {
  if (cause instanceof FsError && cause.errno === Errno.EIO) return cause
  return new FsError(Errno.EIO, 'a change that was answered already cannot be done', { cause })
}

/** Undefined: it stands in no journal. */
export function idOf<Intent>({ journaled }: Member<Intent>): string | undefined {
  return journaled && `${journaled.journal}/${journaled.number}`
}
