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
  outcome:
    | { readonly kind: 'pending' }
    | { readonly kind: 'done'; readonly ino: number; readonly seqShown: number }
    | { readonly kind: 'failed'; readonly errno: number }
}
