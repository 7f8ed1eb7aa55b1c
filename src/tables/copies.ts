// Where the copies of a volume are that a replica loads from a store somewhere else.

import { MemoryTables } from './memory-tables.js'
import type { WritableTables } from './tables.js'

export interface Copies {
  /** What was kept by the last process that had these copies, up to its head; undefined: nothing. */
  kept(): WritableTables | undefined
  /** An empty one, to be loaded. */
  create(): WritableTables
  /** It holds the whole volume up to its head: from now on this one is kept. */
  keep(tables: WritableTables): void
  /** It is not used any more. */
  drop(tables: WritableTables): void
  /** Lets go of all of them; the one that is kept stays for the next process. */
  close(): Promise<void>
}

/** Copies that end with the process. */
export function memoryCopies(): Copies {
  return {
    kept: () => undefined,
    create: () => new MemoryTables(),
    keep() {},
    drop() {},
    async close() {},
  }
}
