// One volume of the memory engine: its records and its log. Entries are kept as bytes, so that what a
// reader gets is never an object that somebody else still holds, and every test of the layers above
// goes through the codec.

import { MemoryTables } from '../../tables/memory-tables.js'
import type { LogEntry } from '../../volume/log-entry.js'
import { decodeLogEntry } from '../../volume/log-entry-codec.js'
import type { Uuid } from '../../volume/record.js'

export class MemoryVolume {
  readonly tables = new MemoryTables()
  /** Once it is loaded. */
  owner: Uuid | undefined
  /** Entries `#firstSeq`, `#firstSeq + 1`, ... */
  #log: Uint8Array[] = []
  #firstSeq = 1

  /** `bytes` are the entry's. */
  append(entry: LogEntry, bytes: Uint8Array): void {
    this.tables.apply(entry.puts, entry.deletes, entry.head)
    if (this.#log.length === 0) this.#firstSeq = entry.seq
    this.#log.push(bytes)
  }

  readLog(after: number, limit: number): LogEntry[] {
    const from = Math.max(0, after + 1 - this.#firstSeq)
    return this.#log.slice(from, from + limit).map(decodeLogEntry)
  }

  /** All entries that are kept, with their seq, and where they begin. */
  log(): { readonly first: number; readonly entries: readonly Uint8Array[] } {
    return { first: this.#firstSeq, entries: this.#log }
  }

  /** Forgets entries up to `seq`. */
  expireLog(seq: number): void {
    const count = Math.min(Math.max(0, seq + 1 - this.#firstSeq), this.#log.length)
    this.#log = this.#log.slice(count)
    this.#firstSeq += count
  }
}
