// Values that are there, or later: without making a promise of what is there.

import { Errno, FsError } from '../posix/errno.js'
import type { Awaitable, Caller } from './vfs.js'

/** `next` on the value, in the same tick where it is no promise. */
export function then<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** `next` behind something that may have to be waited for; undefined means not. */
export function after<R>(
  wait: Promise<unknown> | undefined,
  next: () => Awaitable<R>,
): Awaitable<R> {
  return wait ? wait.then(next) : next()
}

/** Ends a wait that changes nothing with EINTR when the caller is interrupted. */
export function interruptible<T>(value: Awaitable<T>, caller: Caller): Awaitable<T> {
  if (!(value instanceof Promise) || !caller.signal) return value
  const signal = caller.signal()
  return new Promise<T>((resolve, reject) => {
    const interrupt = () => reject(new FsError(Errno.EINTR))
    if (signal.aborted) interrupt()
    signal.addEventListener('abort', interrupt, { once: true })
    const end = () => signal.removeEventListener('abort', interrupt)
    value.then(resolve, reject).finally(end)
  })
}
