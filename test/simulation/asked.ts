// What a program asked for and was answered.

import type { Uuid } from '../../src/volume/record.js'
import type { TimedIntent } from './tree-rules.js'

/** One change as the program that asked for it saw it. */
export interface Asked {
  readonly mount: Uuid
  readonly unique: number
  readonly intent: TimedIntent
  readonly startMs: number
  readonly restoresAtStart: number
  /** It was reported that what was answered is not in the volume after all. */
  isLost: boolean
  /** Kept by a process before the log had it that this is lost: told, should that process end before. */
  isKept: boolean
  outcome:
    | { readonly kind: 'pending' }
    | {
        readonly kind: 'done'
        readonly ino: number
        readonly seqShown: number
        /** Before it was committed. */
        readonly isEarly: boolean
      }
    | { readonly kind: 'failed'; readonly errno: number }
}
