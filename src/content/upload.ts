// The uploads of one save: blocks are packed, gathered into batches, and put, several batches at a time,
// with a bound on the memory that waits. The first failure ends it.

import { Errno, FsError } from '../posix/errno.js'
import type { StoredBlock } from '../store/store.js'
import type { Hash } from '../volume/inode.js'
import type { Uuid } from '../volume/record.js'
import type { BlockPacker, PackedBlock } from './block-packer.js'
import type { BlockSource, BlockStore } from './block-source.js'

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
  readonly status: UploadStatus
}

/** Plain bytes that one save may have under way. */
const underWayBytesMax = 16 * 1024 * 1024
const batchBytes = 2 * 1024 * 1024
const batchBlocks = 64

export class Upload {
  readonly #target: UploadTarget
  readonly #hashes = new Set<Hash>()
  readonly #putting = new Set<Promise<void>>()
  #batch: PackedBlock[] = []
  #batchBytes = 0
  #underWay = 0
  #packing = 0
  #failure: unknown
  #waiting: (() => void)[] = []
  /** Plain bytes of everything added. */
  bytesAdded = 0

  constructor(target: UploadTarget) {
    this.#target = target
  }

  /** Undefined: there is room for another block. Rejects once the upload has failed. */
  room(): Promise<void> | undefined {
    if (this.#failure === undefined && this.#underWay < underWayBytesMax) return undefined
    return this.#waitForRoom()
  }

  /** `plain` is the upload's from now on (see BlockPacker.pack). `refs`: what a manifest names. */
  add(plain: Buffer, refs?: readonly Hash[]): Hash | Promise<Hash> {
    const bytes = plain.length
    this.#underWay += bytes
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
        this.#fail(error)
        throw error
      },
    )
  }

  /** Resolves when everything added is stored. Rejects with FsError. */
  async finish(): Promise<void> {
    this.#flush()
    await this.settled()
    this.#throwFailure()
  }

  /** Resolves when no put is under way any more, however they ended. */
  async settled(): Promise<void> {
    // Bounded: every put comes to an end within the store's own time limit.
    while (this.#putting.size > 0) await Promise.allSettled(this.#putting)
  }

  #packed(packed: PackedBlock, refs: readonly Hash[] | undefined): Hash {
    const { hash } = packed.block
    if (this.#hashes.has(hash)) {
      this.#release(packed.plain.length)
      return hash
    }
    this.#hashes.add(hash)
    this.#batch.push(refs ? { ...packed, block: { ...packed.block, refs } } : packed)
    this.#batchBytes += packed.plain.length
    const full = this.#batchBytes >= batchBytes || this.#batch.length >= batchBlocks
    // With somebody waiting and no thread at work, nothing else would ever make room.
    if (full || (this.#waiting.length > 0 && this.#packing === 0)) this.#flush()
    return hash
  }

  #flush(): void {
    if (this.#batch.length === 0) return
    const [batch, bytes] = [this.#batch, this.#batchBytes]
    this.#batch = []
    this.#batchBytes = 0
    const put = this.#put(batch)
      .catch((error) => this.#fail(error))
      .finally(() => {
        this.#putting.delete(put)
        this.#release(bytes)
      })
    this.#putting.add(put)
  }

  async #put(batch: readonly PackedBlock[]): Promise<void> {
    const { store, owner, source, status } = this.#target
    const blocks: StoredBlock[] = batch.map(({ block }) => block)
    await store.putBlocks(owner, blocks)
    for (const { plain, block } of batch) {
      if (!block.refs) source.blocks.put(block.hash, plain)
      status.blocksWritten++
      status.bytesWritten += plain.length
      status.bytesStored += block.data.length
    }
  }

  async #waitForRoom(): Promise<void> {
    // Bounded as in `finish`: each turn waits for a put or a pack under way.
    while (this.#failure === undefined && this.#underWay >= underWayBytesMax) {
      const room = new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
      if (this.#packing === 0) this.#flush()
      await room
    }
    this.#throwFailure()
  }

  #release(bytes: number): void {
    this.#underWay -= bytes
    this.#wakeUp()
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#wakeUp()
  }

  #wakeUp(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  #throwFailure(): void {
    const cause = this.#failure
    if (cause === undefined) return
    if (cause instanceof FsError) throw cause
    throw new FsError(Errno.EIO, 'the blocks of a file could not be stored', { cause })
  }
}
