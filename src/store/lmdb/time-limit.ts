// Bounds the wait for something that cannot be cancelled.

import { StoreUnavailable } from '../store.js'

/** Rejects with StoreUnavailable when `promise` has not settled after `limitMs`; it goes on all the same. */
export async function withTimeLimit<T>(
  promise: Promise<T>,
  limitMs: number,
  what: string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    const late = () =>
      reject(new StoreUnavailable(`${what}: no answer from the disk in ${limitMs} ms`))
    timer = setTimeout(late, limitMs)
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}
