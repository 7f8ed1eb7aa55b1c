// The records of a volume while they are checked, as they are, with room for a million: a name, a value, and
// what a Map takes for them, some 200 bytes for each file. Records may come in any order, and again.

import type { Name } from '../../volume/name.js'
import { type Key, RecordKind, type VolumeRecord } from '../../volume/record.js'

export interface DirentBytes {
  readonly parent: number
  readonly name: Name
  readonly value: Buffer
}

export class VolumeTree {
  /** Values are strings of a character for each byte: a Buffer takes three times as much. */
  readonly #directories = new Map<number, Map<Name, string>>()
  readonly #inodes = new Map<number, string>()
  readonly #journals = new Map<Name, string>()
  #dirents = 0

  /** How many dirents and inode records there are. */
  get count(): number {
    return this.#dirents + this.#inodes.size
  }

  put({ kind, parent, name, value }: VolumeRecord): void {
    const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1')
    if (kind === RecordKind.inode) this.#inodes.set(parent, text)
    else if (kind === RecordKind.journal) this.#journals.set(name, text)
    else if (kind === RecordKind.dirent) {
      const directory = this.#directories.get(parent) ?? new Map<Name, string>()
      if (directory.size === 0) this.#directories.set(parent, directory)
      if (!directory.has(name)) this.#dirents++
      directory.set(name, text)
    }
  }

  delete({ kind, parent, name }: Key): void {
    if (kind === RecordKind.inode) this.#inodes.delete(parent)
    else if (kind === RecordKind.journal) this.#journals.delete(name)
    else if (kind === RecordKind.dirent) {
      const directory = this.#directories.get(parent)
      if (!directory?.delete(name)) return
      this.#dirents--
      if (directory.size === 0) this.#directories.delete(parent)
    }
  }

  /** Directories that have entries, and how many. */
  *parents(): Generator<{ readonly parent: number; readonly entries: number }> {
    for (const [parent, { size: entries }] of this.#directories) yield { parent, entries }
  }

  *dirents(): Generator<DirentBytes> {
    for (const [parent, directory] of this.#directories)
      for (const [name, value] of directory)
        yield { parent, name, value: Buffer.from(value, 'latin1') }
  }

  *inodes(): Generator<{ readonly ino: number; readonly value: Buffer }> {
    for (const [ino, value] of this.#inodes) yield { ino, value: Buffer.from(value, 'latin1') }
  }

  dirent(parent: number, name: Name): Buffer | undefined {
    return bytesOf(this.#directories.get(parent)?.get(name))
  }

  hasInode(ino: number): boolean {
    return this.#inodes.has(ino)
  }

  inode(ino: number): Buffer | undefined {
    return bytesOf(this.#inodes.get(ino))
  }

  /** Values of the journals' records, by journal. */
  *journals(): Generator<{ readonly journal: Name; readonly value: Buffer }> {
    for (const [journal, value] of this.#journals)
      yield { journal, value: Buffer.from(value, 'latin1') }
  }
}

function bytesOf(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'latin1')
}
