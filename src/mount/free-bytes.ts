// How much room there is on the disk of the local state, asked again a few times a second at most.

import { statfsSync } from 'node:fs'

const ageMsMax = 100

/** Undefined where it cannot be told: then nothing is held up by it. */
export function createFreeBytes(directory: string): () => number | undefined {
  let askedMs = Number.NEGATIVE_INFINITY
  let free: number | undefined
  return () => {
    const nowMs = performance.now()
    if (nowMs - askedMs < ageMsMax) return free
    askedMs = nowMs
    try {
      const { bavail, bsize } = statfsSync(directory)
      free = bavail * bsize
    } catch {
      free = undefined
    }
    return free
  }
}
