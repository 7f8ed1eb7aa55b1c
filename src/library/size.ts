// The length that truncate is asked for.

import { integerOf } from './arguments.js'

/** A negative length is none, as in Node. */
export function sizeOf(length: unknown): number {
  const { MIN_SAFE_INTEGER, MAX_SAFE_INTEGER } = Number
  return Math.max(0, integerOf('length', length ?? 0, MIN_SAFE_INTEGER, MAX_SAFE_INTEGER))
}
