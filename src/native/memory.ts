// malloc_trim(3): memory that was freed goes back to the system. The C library keeps it for the next use, and
// after a burst that is as much again as what is held.

import { declare } from './libc.js'

/** Undefined: the C library has none (musl gives back what it frees by itself). */
const libcMallocTrim = tryDeclare()

function tryDeclare(): ((pad: number) => number) | undefined {
  try {
    return declare<(pad: number) => number>('int malloc_trim(size_t)')
  } catch {
    return undefined
  }
}

/** Takes some 10 milliseconds for 100 MB; other threads of the process that allocate wait meanwhile. */
export function trimMemory(): void {
  libcMallocTrim?.(0)
}
