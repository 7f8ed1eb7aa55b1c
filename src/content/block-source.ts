// Blocks and manifests by hash: from the cache, from an engine in this process at once, else from the
// store. Every block is verified before it enters the cache; one that is damaged is asked for once more
// and never handed out.

import { type ByteCache, createByteCache } from '../cache/byte-cache.js'
import { Errno, FsError } from '../posix/errno.js'
import type { Store, StoredBlock } from '../store/store.js'
import type { Hash } from '../volume/inode.js'
import type { Uuid } from '../volume/record.js'
import { type BlockKind, DamagedBlock, unpackBlock } from './block-codec.js'
import { decodeManifest, type Manifest } from './manifest-codec.js'

export type BlockStore = Pick<Store, 'putBlocks' | 'getBlocks' | 'getBlockSync'>

export interface BlockSourceOptions {
  readonly store: BlockStore
  readonly owner: Uuid
  readonly cacheBytesMax: number
}

/** Memory of a cached value besides its bytes. */
const overheadBytes = 256
const entryBytes = 160
/** A sixteenth of the cache is for manifests, decoded. */
const manifestPart = 16
/** At most this many blocks are asked for in one call of the store. */
const batchMax = 256

export class BlockSource {
  readonly blocks: ByteCache<Buffer>
  readonly manifests: ByteCache<Manifest>
  /** Blocks that came with bytes that are not their name's. */
  corrupt = 0
  blocksRead = 0
  /** Blocks that the store does not have yet. */
  unstored: { get(hash: Hash): Buffer | undefined } | undefined
  readonly #store: BlockStore
  readonly #owner: Uuid

  constructor({ store, owner, cacheBytesMax }: BlockSourceOptions) {
    this.#store = store
    this.#owner = owner
    const manifestBytes = Math.floor(cacheBytesMax / manifestPart)
    this.blocks = createByteCache({
      bytesMax: cacheBytesMax - manifestBytes,
      weigh: (block) => block.length + overheadBytes,
    })
    this.manifests = createByteCache({
      bytesMax: manifestBytes,
      weigh: (manifest) => manifest.entries.length * entryBytes + overheadBytes,
    })
  }

  /** What can be had at once. Undefined: ask `loadBlocks`. */
  block(hash: Hash): Buffer | undefined {
    const here = this.blocks.get(hash) ?? this.unstored?.get(hash)
    if (here) return here
    const plain = this.#readNow(hash, 'data')
    if (plain) this.blocks.put(hash, plain)
    return plain
  }

  manifest(hash: Hash): Manifest | undefined {
    const cached = this.manifests.get(hash)
    if (cached) return cached
    const plain = this.unstored?.get(hash) ?? this.#readNow(hash, 'manifest')
    if (!plain) return undefined
    const manifest = decoded(hash, plain)
    this.manifests.put(hash, manifest)
    return manifest
  }

  /** Rejects with FsError EIO. */
  loadBlocks(hashes: readonly Hash[]): Promise<Buffer[]> {
    return this.blocks.load(hashes, (missing) => this.#fetch(missing, 'data'))
  }

  loadManifests(hashes: readonly Hash[]): Promise<Manifest[]> {
    return this.manifests.load(hashes, async (missing) => {
      const blocks = await this.#fetch(missing, 'manifest')
      return blocks.map((block, i) =>
        block instanceof Error ? block : decodedOrError(missing[i] as Hash, block),
      )
    })
  }

  /** Starts loading what is not here; nobody waits for it, failures show when it is needed. */
  prefetch(hashes: readonly Hash[]): void {
    const missing = hashes.filter((hash) => !this.blocks.has(hash) && !this.unstored?.get(hash))
    if (missing.length > 0) this.loadBlocks(missing).catch(() => {})
  }

  /** From an engine in this process; what is damaged or absent there is for `#fetch` to tell. */
  #readNow(hash: Hash, kind: BlockKind): Buffer | undefined {
    const stored = this.#store.getBlockSync?.(this.#owner, hash)
    return stored && this.#verified(hash, stored, kind)
  }

  async #fetch(hashes: readonly Hash[], kind: BlockKind): Promise<(Buffer | FsError)[]> {
    const results: (Buffer | FsError)[] = []
    for (let at = 0; at < hashes.length; at += batchMax)
      results.push(...(await this.#fetchBatch(hashes.slice(at, at + batchMax), kind)))
    return results
  }

  /** What the store does not have yet is here. */
  async #fetchBatch(hashes: readonly Hash[], kind: BlockKind): Promise<(Buffer | FsError)[]> {
    const held = hashes.map((hash) => this.unstored?.get(hash))
    const others = hashes.filter((_, i) => !held[i])
    const fetched = others.length > 0 ? await this.#fetchStored(others, kind) : []
    return held.map((plain) => plain ?? (fetched.shift() as Buffer | FsError))
  }

  async #fetchStored(hashes: readonly Hash[], kind: BlockKind): Promise<(Buffer | FsError)[]> {
    const first = await this.#ask(hashes, kind)
    const damaged = hashes.filter((_, i) => first[i] === 'damaged')
    if (damaged.length === 0) return first.map(orError(hashes))
    // Another replica, or a copy that the first reading mended, may have the right bytes.
    const second = await this.#ask(damaged, kind)
    const again = new Map(damaged.map((hash, i) => [hash, second[i] as Answer]))
    const merged = first.map((answer, i) => again.get(hashes[i] as Hash) ?? answer)
    return merged.map(orError(hashes))
  }

  async #ask(hashes: readonly Hash[], kind: BlockKind): Promise<Answer[]> {
    let stored: (StoredBlock | undefined)[]
    try {
      stored = await this.#store.getBlocks(this.#owner, hashes)
    } catch (cause) {
      const error = new FsError(Errno.EIO, 'the store does not answer for a block', { cause })
      return hashes.map(() => error)
    }
    return hashes.map((hash, i) => {
      const block = stored[i]
      return block === undefined ? 'absent' : (this.#verified(hash, block, kind) ?? 'damaged')
    })
  }

  #verified(hash: Hash, stored: StoredBlock, kind: BlockKind): Buffer | undefined {
    try {
      const plain = unpackBlock(hash, stored, kind)
      this.blocksRead++
      return plain
    } catch (error) {
      if (!(error instanceof DamagedBlock)) throw error
      this.corrupt++
      return undefined
    }
  }
}

type Answer = Buffer | FsError | 'absent' | 'damaged'

function orError(hashes: readonly Hash[]): (answer: Answer, i: number) => Buffer | FsError {
  return (answer, i) => {
    if (answer === 'absent') return new FsError(Errno.EIO, `block ${hashes[i]} is missing`)
    if (answer === 'damaged') return new FsError(Errno.EIO, `block ${hashes[i]} is damaged`)
    return answer
  }
}

function decoded(hash: Hash, plain: Buffer): Manifest {
  try {
    return decodeManifest(plain)
  } catch (cause) {
    throw new FsError(Errno.EIO, `block ${hash} is no manifest`, { cause })
  }
}

function decodedOrError(hash: Hash, plain: Buffer): Manifest | Error {
  try {
    return decoded(hash, plain)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
