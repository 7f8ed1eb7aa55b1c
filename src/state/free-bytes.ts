// How much room there is on the disks where changes and their blocks go, asked again a few times a second at most.

import { statfsSync } from 'node:fs'

const ageMsMax = 100

/** Of the fullest. Undefined where it cannot be told: then nothing is held up by it. */
export function createFreeBytes(directories: readonly string[]): () => number | undefined {
  let askedMs = Number.NEGATIVE_INFINITY
  let free: number | undefined
  return () => {
    const nowMs = performance.now()
    if (nowMs - askedMs < ageMsMax) return free
    askedMs = nowMs
    try {
      free = Math.min(...directories.map(freeOn))
    } catch {
      free = undefined
    }
    return free
  }
}

function freeOn(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}
