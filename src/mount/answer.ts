// Answers of the vfs, at once or later, turned into replies without making a promise of what is there.

import type { Awaitable } from '../vfs/vfs.js'

/** `turn` applied to a value, in the same tick where it is no promise. */
export function then<T, R>(value: Awaitable<T>, turn: (value: T) => Awaitable<R>): Awaitable<R> {
  return value instanceof Promise ? value.then(turn) : turn(value)
}

/** For replies that say nothing. */
export function done(value: Awaitable<unknown>): undefined | Promise<undefined> {
  return value instanceof Promise ? value.then(() => undefined) : undefined
}
