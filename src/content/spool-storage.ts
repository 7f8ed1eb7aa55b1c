// Where spooled bytes lie: in memory, to a bound for each file and for all, then in a local file. It is
// one file for all spools of a process (so one descriptor, however many files are being written),
// sparse, readable by its owner only, and without a name from the start: a killed process leaves
// nothing behind. Its slots are used again; what is free is given back to the disk.

import { atOnceBytesMax } from './limits.js'
import { SlotFile } from './slot-file.js'

/** Bytes of a chunk, and of a slot of the file. */
export const chunkBytes = 64 * 1024

export interface SpoolStorageOptions {
  /** A local folder; made (0700) when it is first needed. */
  readonly directory: string
  /** In all. Default 64 MiB. */
  readonly memoryBytesMax?: number
  /** For one file. Default 4 MiB: what is saved at once (limits.ts) need not go to the disk first. */
  readonly fileMemoryBytesMax?: number
}

export interface SpoolStorageStatus {
  readonly memoryBytes: number
  /** Slots in use, in bytes; the disk holds at most that. */
  readonly diskBytes: number
}

/** What the chunks of one spool take in memory. */
export interface MemoryAccount {
  bytes: number
}

/** Up to 64 KiB of a spool. What has not been written reads as anything. */
export interface Chunk {
  /** FsError ENOSPC, EIO, ...: other bytes of the chunk are as before. */
  write(at: number, data: Uint8Array): void
  read(at: number, target: Buffer): void
  free(): void
}

export interface SpoolStorage {
  chunk(account: MemoryAccount): Chunk
  status(): SpoolStorageStatus
  /** No chunk may be used afterwards. */
  close(): void
}

/** Touches the disk only when memory does not suffice. */
export function openSpoolStorage(options: SpoolStorageOptions): SpoolStorage {
  return new ChunkStorage(options)
}

const smallestBuffer = 512
/** Memory that was given back and is kept for the next chunks: files are written one after the other. */
const spareBytesMax = 1024 * 1024

class ChunkStorage implements SpoolStorage {
  readonly #memoryBytesMax: number
  readonly #fileMemoryBytesMax: number
  readonly slots: SlotFile
  /** By length. */
  readonly #spare = new Map<number, Buffer[]>()
  #spareBytes = 0
  #memoryBytes = 0

  constructor(options: SpoolStorageOptions) {
    this.#memoryBytesMax = options.memoryBytesMax ?? 64 * 1024 * 1024
    this.#fileMemoryBytesMax = options.fileMemoryBytesMax ?? atOnceBytesMax
    this.slots = new SlotFile(options.directory, chunkBytes)
  }

  chunk(account: MemoryAccount): Chunk {
    return new StoredChunk(this, account)
  }

  /** False: there is no room for so much more. */
  claim(account: MemoryAccount, bytes: number): boolean {
    if (this.#memoryBytes + bytes > this.#memoryBytesMax) return false
    if (account.bytes + bytes > this.#fileMemoryBytesMax) return false
    this.#memoryBytes += bytes
    account.bytes += bytes
    return true
  }

  release(account: MemoryAccount, bytes: number): void {
    this.#memoryBytes -= bytes
    account.bytes -= bytes
  }

  allocate(bytes: number): Buffer {
    const spare = this.#spare.get(bytes)?.pop()
    if (!spare) return Buffer.allocUnsafeSlow(bytes)
    this.#spareBytes -= bytes
    return spare
  }

  /** Nobody reads it any more. */
  recycle(memory: Buffer): void {
    const { length } = memory
    if (this.#spareBytes + length > spareBytesMax) return
    const spare = this.#spare.get(length)
    if (spare) spare.push(memory)
    else this.#spare.set(length, [memory])
    this.#spareBytes += length
  }

  status(): SpoolStorageStatus {
    return { memoryBytes: this.#memoryBytes, diskBytes: this.slots.used * chunkBytes }
  }

  close(): void {
    this.slots.close()
  }
}

/** Begins in memory, grows there by doubling, and moves to a slot when there is no room to grow. */
class StoredChunk implements Chunk {
  readonly #storage: ChunkStorage
  readonly #account: MemoryAccount
  #memory: Buffer | undefined
  #slot: number | undefined

  constructor(storage: ChunkStorage, account: MemoryAccount) {
    this.#storage = storage
    this.#account = account
  }

  write(at: number, data: Uint8Array): void {
    const memory = this.#slot === undefined ? this.#memoryFor(at + data.length) : undefined
    if (memory) memory.set(data, at)
    else this.#storage.slots.write(this.#toSlot(), at, data)
  }

  read(at: number, target: Buffer): void {
    if (this.#slot !== undefined) this.#storage.slots.read(this.#slot, at, target)
    else if (this.#memory) this.#memory.copy(target, 0, at, at + target.length)
    else throw new Error('these bytes of a spool were given up')
  }

  free(): void {
    this.#dropMemory()
    if (this.#slot !== undefined) this.#storage.slots.free(this.#slot)
    this.#slot = undefined
  }

  #memoryFor(bytes: number): Buffer | undefined {
    const old = this.#memory
    const had = old?.length ?? 0
    if (old && bytes <= had) return old
    let capacity = Math.max(smallestBuffer, had)
    while (capacity < bytes) capacity *= 2
    if (!this.#storage.claim(this.#account, capacity - had)) return undefined
    const memory = this.#storage.allocate(capacity)
    old?.copy(memory)
    if (old) this.#storage.recycle(old)
    this.#memory = memory
    return memory
  }

  #toSlot(): number {
    if (this.#slot !== undefined) return this.#slot
    const slot = this.#storage.slots.take()
    try {
      if (this.#memory) this.#storage.slots.write(slot, 0, this.#memory)
    } catch (error) {
      this.#storage.slots.free(slot)
      throw error
    }
    this.#dropMemory()
    this.#slot = slot
    return slot
  }

  #dropMemory(): void {
    const memory = this.#memory
    if (!memory) return
    this.#memory = undefined
    this.#storage.release(this.#account, memory.length)
    this.#storage.recycle(memory)
  }
}
