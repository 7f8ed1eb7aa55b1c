// Directory lists: struct fuse_dirent and fuse_direntplus, written one after the other straight
// into the buffer of the reply, each padded to 8 bytes.

import { writeEntry } from './attributes.js'
import { align8, DIRENT_NAME_OFFSET, ENTRY_OUT_SIZE, upperHalf } from './layout.js'
import type { DirectoryEntryPlus, DirectoryList } from './reply-types.js'

/** A READDIR or READDIRPLUS reply in the making; used again for the next one. */
export class DirentBuffer implements DirectoryList<DirectoryEntryPlus> {
  #bytes = Buffer.alloc(0)
  #words = new Uint32Array(0)
  #room = 0
  #size = 0
  #isPlus = false

  /** Starts an empty list of at most `room` bytes, with attributes (READDIRPLUS) or without. */
  begin(room: number, isPlus: boolean): void {
    this.#room = room
    this.#size = 0
    this.#isPlus = isPlus
    if (this.#bytes.length >= room) return
    const memory = new ArrayBuffer(align8(room))
    this.#bytes = Buffer.from(memory)
    this.#words = new Uint32Array(memory)
  }

  add(entry: DirectoryEntryPlus): boolean {
    const start = this.#size
    const dirent = start + (this.#isPlus ? ENTRY_OUT_SIZE : 0)
    const nameStart = dirent + DIRENT_NAME_OFFSET
    const nameEnd = nameStart + entry.name.length
    const end = align8(nameEnd)
    if (end > this.#room) return false
    if (this.#isPlus) this.#writeEntry(start / 4, entry)
    const words = this.#words
    const word = dirent / 4
    words[word] = entry.ino
    words[word + 1] = upperHalf(entry.ino)
    words[word + 2] = entry.offset
    words[word + 3] = upperHalf(entry.offset)
    words[word + 4] = entry.name.length
    words[word + 5] = entry.type
    this.#bytes.write(entry.name, nameStart, 'latin1')
    this.#bytes.fill(0, nameEnd, end)
    this.#size = end
    return true
  }

  #writeEntry(word: number, { entry }: DirectoryEntryPlus): void {
    if (entry) writeEntry(this.#words, word, entry)
    else this.#words.fill(0, word, word + ENTRY_OUT_SIZE / 4)
  }

  /** A view of what was added; valid until the next `begin`. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#size)
  }
}
