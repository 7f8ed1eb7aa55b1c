// What a copy holds while it is still being loaded. A directory is covered when all its entries are there:
// only then "no such name" means that there is none. Whatever the log has touched since the load began
// is exact, wherever it stands: what a page of records says of it may be older, or newer.

import type { LogEntry } from '../volume/log-entry.js'
import type { Name } from '../volume/name.js'
import { type Key, RecordKind, type VolumeRecord } from '../volume/record.js'

export class Coverage {
  readonly #directories = new Set<number>()
  readonly #touched = new Set<string>()
  #scannedBelow = 0

  /** Whether it is certain what `name` means in `parent`, or what the whole directory holds. */
  covers(parent: number, name?: Name): boolean {
    if (parent < this.#scannedBelow || this.#directories.has(parent)) return true
    return name !== undefined && this.#touched.has(idOf({ kind: RecordKind.dirent, parent, name }))
  }

  /** An entry of the log that is applied to the copy. */
  note(entry: LogEntry): void {
    for (const key of entry.deletes) this.#touched.add(idOf(key))
    for (const record of entry.puts) this.#touched.add(idOf(record))
  }

  /** Records of a page that the log has not overtaken. */
  untouched(records: readonly VolumeRecord[]): readonly VolumeRecord[] {
    if (this.#touched.size === 0) return records
    return records.filter((record) => !this.#touched.has(idOf(record)))
  }

  /** All entries of this directory are in the copy. */
  addDirectory(ino: number): void {
    this.#directories.add(ino)
  }

  /** The scan of all records has come to `next`; undefined: to the end of the directory entries. */
  scannedTo(next: Key | undefined): void {
    const isPast = !next || next.kind > RecordKind.dirent
    this.#scannedBelow = isPast ? Number.POSITIVE_INFINITY : next.parent
  }
}

function idOf({ kind, parent, name }: Key): string {
  return `${kind}/${parent}/${name}`
}
