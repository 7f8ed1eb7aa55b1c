// The memory engine's blocks as the tests of contents need them: counted, refused, damaged or lost on
// demand, with or without the synchronous reads of an engine in this process.

import type { BlockStore } from '../../src/content/block-source.js'
import { createMemoryStore } from '../../src/store/memory/memory-store.js'
import type { PutOptions, StoredBlock } from '../../src/store/store.js'
import type { Hash } from '../../src/volume/inode.js'
import type { Uuid } from '../../src/volume/record.js'

export const owner = '6f1c1c3e-9c1f-4a53-8d5c-8a2f0f1e2d3c'

export class TestBlockStore implements BlockStore {
  readonly #store = createMemoryStore()
  readonly getBlockSync?: (owner: Uuid, hash: Hash) => StoredBlock | undefined
  /** Calls of putBlocks and getBlocks, and the hashes asked for. */
  puts = 0
  gets = 0
  readonly asked: Hash[] = []
  /** Of each call of putBlocks: how many, and what was said of them. */
  readonly told: { readonly count: number; readonly isAnswered: boolean | undefined }[] = []
  /** Every block uploaded, in order, with the bytes sent for it. */
  readonly uploaded: StoredBlock[] = []
  /** Undefined: it works. Asked before each put and get. */
  failPut: () => Error | undefined = () => undefined
  failGet: () => Error | undefined = () => undefined
  /** Waited for in each put and get. */
  delay: () => Promise<void> | undefined = () => undefined
  readonly lost = new Set<Hash>()
  /** How many of the next reads of a block answer other bytes. */
  readonly damaged = new Map<Hash, number>()

  constructor(synchronous = false) {
    if (synchronous)
      this.getBlockSync = (owner, hash) => this.#answer(hash, this.#read(owner, hash))
  }

  async putBlocks(
    owner: Uuid,
    blocks: readonly StoredBlock[],
    options: PutOptions = {},
  ): Promise<void> {
    this.puts++
    this.told.push({ count: blocks.length, isAnswered: options.isAnswered })
    await this.delay()
    const failure = this.failPut()
    if (failure) throw failure
    this.uploaded.push(...blocks)
    await this.#store.putBlocks(owner, blocks)
  }

  async getBlocks(owner: Uuid, hashes: readonly Hash[]): Promise<(StoredBlock | undefined)[]> {
    this.gets++
    this.asked.push(...hashes)
    await this.delay()
    const failure = this.failGet()
    if (failure) throw failure
    const blocks = await this.#store.getBlocks(owner, hashes)
    return blocks.map((block, i) => this.#answer(hashes[i] as Hash, block))
  }

  /** Bytes sent for all blocks and manifests so far. */
  get bytesUploaded(): number {
    return this.uploaded.reduce((sum, block) => sum + block.data.length, 0)
  }

  #read(owner: Uuid, hash: Hash): StoredBlock | undefined {
    return this.#store.getBlockSync?.(owner, hash)
  }

  #answer(hash: Hash, block: StoredBlock | undefined): StoredBlock | undefined {
    if (!block || this.lost.has(hash)) return undefined
    const left = this.damaged.get(hash) ?? 0
    if (left === 0) return block
    this.damaged.set(hash, left - 1)
    const data = Buffer.from(block.data)
    data[data.length - 1] = (data.at(-1) as number) ^ 1
    return { ...block, data }
  }
}
