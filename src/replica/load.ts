// Loads a copy of a whole volume from a store that is somewhere else: the records, page by page, while
// others go on committing, then the log from where it stood before the first page.

import type { Store } from '../store/store.js'
import { StoreUnavailable } from '../store/store.js'
import type { Copies } from '../tables/copies.js'
import type { WritableTables } from '../tables/tables.js'
import type { Clock } from '../volume/clock.js'
import type { Head } from '../volume/head.js'
import type { LogEntry } from '../volume/log-entry.js'
import type { Key, Uuid } from '../volume/record.js'
import { withTimeLimit } from './waiting.js'

const attemptsMax = 5

export interface LoadContext {
  readonly store: Store
  readonly volume: Uuid
  readonly copies: Copies
  readonly clock: Clock
  readonly storeTimeoutMs: number
  readonly pageSize: number
  /** Looked at between pages. */
  readonly signal: AbortSignal
}

/**
 * The tables of a volume as of one seq, or undefined where there is no such volume. Throws
 * StoreUnavailable where the store does not answer, or moves on faster than it can be read.
 */
export async function loadCopy(context: LoadContext): Promise<WritableTables | undefined> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const before = await readHead(context)
    if (!before) return undefined
    const tables = context.copies.create()
    let isLoaded = false
    try {
      await scan(context, tables)
      // Only now is it certain what the pages may have shown: all of it must be in the entries.
      const after = await readHead(context)
      if (!after) return undefined
      tables.apply([], [], before)
      isLoaded = await replay(context, tables, before, after)
      if (isLoaded) return tables
    } finally {
      if (!isLoaded) context.copies.drop(tables)
    }
  }
  throw new StoreUnavailable('the log of the volume expires faster than the volume can be read')
}

/** The newest head, completing a commit under way. */
export function readHead(context: LoadContext): Promise<Head | undefined> {
  const { store, volume, clock, storeTimeoutMs } = context
  return withTimeLimit(clock, storeTimeoutMs, 'read the head', store.readHead(volume))
}

/** One page of the log. */
export function readLog(context: LoadContext, after: number): Promise<LogEntry[]> {
  const { store, volume, clock, storeTimeoutMs, pageSize } = context
  const work = store.readLog(volume, after, pageSize)
  return withTimeLimit(clock, storeTimeoutMs, 'read the log', work)
}

async function scan(context: LoadContext, tables: WritableTables): Promise<void> {
  const { store, volume, clock, storeTimeoutMs, pageSize, signal } = context
  let after: Key | undefined
  do {
    if (signal.aborted) throw new StoreUnavailable('given up: the replica is being closed')
    const work = store.scan(volume, after, pageSize)
    const page = await withTimeLimit(clock, storeTimeoutMs, 'read the records', work)
    tables.load(page.records)
    after = page.after
  } while (after)
}

/** False where entries are missing, or are not of one chain. */
async function replay(
  context: LoadContext,
  tables: WritableTables,
  from: Head,
  to: Head,
): Promise<boolean> {
  let head = from
  while (head.seq < to.seq) {
    const entries = await readLog(context, head.seq)
    if (entries.length === 0) return false
    for (const entry of entries) {
      if (entry.seq !== head.seq + 1 || entry.previousRequest !== head.request) return false
      tables.apply(entry.puts, entry.deletes, entry.head)
      head = entry.head
    }
  }
  return true
}
