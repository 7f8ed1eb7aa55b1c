// The blocks of the memory engine and the ledger's rows about them.

import type { BlockRow, LedgerRows, Trail } from '../../tables/block-ledger.js'
import { SortedList } from '../../tables/sorted-list.js'
import type { Hash } from '../../volume/inode.js'
import type { Uuid } from '../../volume/record.js'
import type { StoredBlock } from '../store.js'

type Bytes = Pick<StoredBlock, 'length' | 'encoding' | 'data'>

export class MemoryBlocks implements LedgerRows {
  readonly #rows = new Map<string, BlockRow>()
  readonly #bytes = new Map<string, Bytes>()
  readonly #hashes = new Map<Uuid, SortedList<Hash>>()
  readonly #order = new SortedList<string>()
  readonly #trails = new Map<string, Trail>()

  get(owner: Uuid, hash: Hash): StoredBlock | undefined {
    const bytes = this.#bytes.get(`${owner}/${hash}`)
    return bytes && { hash, ...bytes }
  }

  /** Keeps a copy of the bytes; the ledger's row is written by `setBlock`. */
  put(owner: Uuid, block: StoredBlock): void {
    const { length, encoding, data } = block
    const key = `${owner}/${block.hash}`
    if (!this.#bytes.has(key)) this.#bytes.set(key, { length, encoding, data: Buffer.from(data) })
  }

  list(owner: Uuid, after: Hash | undefined, limit: number): Hash[] {
    return this.#hashes.get(owner)?.after(after, limit) ?? []
  }

  block(owner: Uuid, hash: Hash): BlockRow | undefined {
    return this.#rows.get(`${owner}/${hash}`)
  }

  setBlock(owner: Uuid, hash: Hash, row: BlockRow | undefined): void {
    const key = `${owner}/${hash}`
    const hashes = this.#hashesOf(owner)
    if (row) {
      this.#rows.set(key, row)
      hashes.insert(hash)
    } else {
      this.#rows.delete(key)
      this.#bytes.delete(key)
      hashes.delete(hash)
    }
  }

  /** As it is now: what changes later is not seen in it. */
  copy(): Pick<MemoryBlocks, 'get' | 'list' | 'block' | 'trails'> {
    const copy = new MemoryBlocks()
    for (const [key, bytes] of this.#bytes) copy.#bytes.set(key, bytes)
    for (const [owner, hashes] of this.#hashes)
      for (const hash of hashes.after(undefined, Number.POSITIVE_INFINITY)) {
        const row = this.block(owner, hash)
        if (row) copy.setBlock(owner, hash, row)
      }
    for (const trail of this.#trails.values()) copy.addTrail(trail)
    return copy
  }

  addTrail(trail: Trail): boolean {
    const key = trailKey(trail)
    this.#trails.set(key, trail)
    return this.#order.insert(key)
  }

  hasTrail(trail: Trail): boolean {
    return this.#trails.has(trailKey(trail))
  }

  removeTrail(trail: Trail): void {
    const key = trailKey(trail)
    this.#trails.delete(key)
    this.#order.delete(key)
  }

  trails(after: Trail | undefined, limit: number): Trail[] {
    const keys = this.#order.after(after && trailKey(after), limit)
    return keys.map((key) => this.#trails.get(key) as Trail)
  }

  #hashesOf(owner: Uuid): SortedList<Hash> {
    let hashes = this.#hashes.get(owner)
    if (!hashes) {
      hashes = new SortedList<Hash>()
      this.#hashes.set(owner, hashes)
    }
    return hashes
  }
}

function trailKey({ volume, position, owner, hash }: Trail): string {
  return `${volume}/${String(position).padStart(16, '0')}/${owner}/${hash}`
}
