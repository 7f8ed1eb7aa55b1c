// The uploads of one save: blocks are packed, gathered into batches, and put, several batches at a time.
// The memory that all saves have under way is bounded together. The first failure ends an upload.

import { Errno, FsError } from '../posix/errno.js'
import type { Hash } from '../volume/inode.js'
import type { Uuid } from '../volume/record.js'
import type { BlockPacker, PackedBlock } from './block-packer.js'
import type { BlockSource, BlockStore } from './block-source.js'
import type { UploadRoom } from './upload-room.js'

export interface UploadStatus {
  blocksWritten: number
  bytesWritten: number
  bytesStored: number
}

export interface UploadTarget {
  readonly store: BlockStore
  readonly owner: Uuid
  readonly packer: BlockPacker
  readonly source: BlockSource
  readonly room: UploadRoom
  readonly status: UploadStatus
}

const batchBytes = 2 * 1024 * 1024
const batchBlocks = 64

export class Upload {
  /** Plain bytes of everything added. */
  bytesAdded = 0
  readonly #target: UploadTarget
  readonly #hashes = new Set<Hash>()
  readonly #putting = new Set<Promise<void>>()
  #batch: PackedBlock[] = []
  #batchBytes = 0
  #packing = 0
  #waiting = 0
  #failure: unknown

  constructor(target: UploadTarget) {
    this.#target = target
  }

  /** Resolves when there is memory for another block. Rejects once the upload has failed. */
  async room(): Promise<void> {
    const { room } = this.#target
    this.#waiting++
    // Bounded: what holds the room is packed and put within the store's own time limit.
    while (room.full && this.#failure === undefined) {
      if (this.#packing === 0) this.#flush()
      await room.changed()
    }
    this.#waiting--
    this.#throwFailure()
  }

  /** `plain` is the upload's from now on (see BlockPacker.pack). `refs`: what a manifest names. */
  add(plain: Buffer, refs?: readonly Hash[]): Hash | Promise<Hash> {
    const bytes = plain.length
    this.#target.room.claim(bytes)
    this.bytesAdded += bytes
    const packed = this.#target.packer.pack(plain, refs ? 'manifest' : 'data')
    if (!(packed instanceof Promise)) return this.#packed(packed, refs)
    this.#packing++
    return packed.then(
      (done) => {
        this.#packing--
        return this.#packed(done, refs)
      },
      (error) => {
        this.#packing--
        this.#target.room.release(bytes)
        this.#failure ??= error
        throw error
      },
    )
  }

  /** Resolves when everything added is stored. Rejects with FsError. */
  async finish(): Promise<void> {
    this.#flush()
    await this.#settled()
    this.#throwFailure()
  }

  /** The save has failed: nothing more is put. Resolves when no put is under way any more. */
  async abandon(error: unknown): Promise<void> {
    this.#failure ??= error
    this.#target.room.release(this.#batchBytes)
    this.#batch = []
    this.#batchBytes = 0
    await this.#settled()
  }

  async #settled(): Promise<void> {
    // Bounded: every put comes to an end within the store's own time limit.
    while (this.#putting.size > 0) await Promise.allSettled(this.#putting)
  }

  #packed(packed: PackedBlock, refs: readonly Hash[] | undefined): Hash {
    const { hash } = packed.block
    const bytes = packed.plain.length
    if (this.#hashes.has(hash) || this.#failure !== undefined) {
      this.#target.room.release(bytes)
      return hash
    }
    this.#hashes.add(hash)
    this.#batch.push(refs ? { ...packed, block: { ...packed.block, refs } } : packed)
    this.#batchBytes += bytes
    const full = this.#batchBytes >= batchBytes || this.#batch.length >= batchBlocks
    // With somebody waiting and no thread at work, nothing else would ever make room.
    if (full || (this.#waiting > 0 && this.#packing === 0)) this.#flush()
    return hash
  }

  #flush(): void {
    if (this.#batch.length === 0) return
    const [batch, bytes] = [this.#batch, this.#batchBytes]
    this.#batch = []
    this.#batchBytes = 0
    const put: Promise<void> = this.#put(batch)
      .catch((error) => {
        this.#failure ??= error
      })
      .finally(() => {
        this.#putting.delete(put)
        this.#target.room.release(bytes)
      })
    this.#putting.add(put)
  }

  async #put(batch: readonly PackedBlock[]): Promise<void> {
    const { store, owner, source, status } = this.#target
    await store.putBlocks(
      owner,
      batch.map(({ block }) => block),
    )
    for (const { plain, block } of batch) {
      if (!block.refs) source.blocks.put(block.hash, plain)
      status.blocksWritten++
      status.bytesWritten += plain.length
      status.bytesStored += block.data.length
    }
  }

  #throwFailure(): void {
    const cause = this.#failure
    if (cause === undefined) return
    if (cause instanceof FsError) throw cause
    throw new FsError(Errno.EIO, 'the blocks of a file could not be stored', { cause })
  }
}
