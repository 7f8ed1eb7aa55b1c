// Blocks that are named by changes on their way, and that the store does not have yet: readable from here,
// and put in groups, so that many small files cost few calls of the store.

import { Errno, FsError } from '../posix/errno.js'
import type { StoredBlock } from '../store/store.js'
import type { Hash } from '../volume/inode.js'
import type { NamedBlock } from './content.js'
import type { UploadTarget } from './upload.js'

/** A group is put as soon as it is this large, also where nobody waits for it yet. */
const groupBlocks = 64
const groupBytes = 2 * 1024 * 1024

interface Unstored {
  readonly plain: Buffer
  readonly refs: readonly Hash[] | undefined
  /** Whoever still needs it. */
  readonly holders: Set<NamedBlock>
  /** The put under way. */
  put: Promise<void> | undefined
}

export class UnstoredBlocks {
  readonly #target: UploadTarget
  readonly #blocks = new Map<Hash, Unstored>()
  /** Those that no put has taken yet. */
  #next = new Set<Hash>()
  #nextBytes = 0

  constructor(target: UploadTarget) {
    this.#target = target
  }

  get(hash: Hash): Buffer | undefined {
    return this.#blocks.get(hash)?.plain
  }

  /** It is to be stored, and can be read meanwhile. */
  hold(block: NamedBlock): void {
    const known = this.#blocks.get(block.hash)
    if (known) {
      known.holders.add(block)
      return
    }
    this.#blocks.set(block.hash, {
      plain: block.plain,
      refs: block.refs,
      holders: new Set([block]),
      put: undefined,
    })
    this.#await(block.hash, block.plain.length)
    // Where it fails, whoever needs it asks again, and is told.
    if (this.#next.size >= groupBlocks || this.#nextBytes >= groupBytes) this.#putNext()
  }

  /** The change that named it has ended. */
  release(block: NamedBlock): void {
    const known = this.#blocks.get(block.hash)
    if (!known?.holders.delete(block) || known.holders.size > 0 || known.put) return
    this.#forget(block.hash, known)
  }

  /** Undefined: the store has it. Rejects with FsError; ask again. */
  store(hash: Hash): Promise<void> | undefined {
    const known = this.#blocks.get(hash)
    if (!known) return undefined
    if (!known.put) this.#putNext()
    return known.put
  }

  clear(): void {
    this.#blocks.clear()
    this.#next.clear()
    this.#nextBytes = 0
  }

  #await(hash: Hash, bytes: number): void {
    this.#next.add(hash)
    this.#nextBytes += bytes
  }

  #forget(hash: Hash, { plain }: Unstored): void {
    this.#blocks.delete(hash)
    if (this.#next.delete(hash)) this.#nextBytes -= plain.length
  }

  #putNext(): void {
    const hashes = [...this.#next]
    this.#next = new Set()
    this.#nextBytes = 0
    let [group, bytes]: [Hash[], number] = [[], 0]
    for (const hash of hashes) {
      group.push(hash)
      bytes += this.#blocks.get(hash)?.plain.length ?? 0
      if (group.length < groupBlocks && bytes < groupBytes) continue
      this.#put(group)
      ;[group, bytes] = [[], 0]
    }
    if (group.length > 0) this.#put(group)
  }

  #put(hashes: readonly Hash[]): void {
    const blocks = hashes.flatMap((hash) => {
      const block = this.#blocks.get(hash)
      return block ? [{ block, ...named(hash, block) }] : []
    })
    const put = this.#upload(blocks).then(
      () => {
        for (const { hash, block } of blocks)
          if (this.#blocks.get(hash) === block) this.#blocks.delete(hash)
      },
      (error) => {
        for (const { hash } of blocks) this.#failed(hash)
        throw error
      },
    )
    put.catch(() => {})
    for (const { block } of blocks) block.put = put
  }

  #failed(hash: Hash): void {
    const block = this.#blocks.get(hash)
    if (!block) return
    block.put = undefined
    if (block.holders.size === 0) this.#forget(hash, block)
    else this.#await(hash, block.plain.length)
  }

  async #upload(blocks: readonly NamedBlock[]): Promise<void> {
    const { store, owner, packer, source, room, status } = this.#target
    const bytes = blocks.reduce((sum, { plain }) => sum + plain.length, 0)
    room.claim(bytes)
    try {
      const stored = await packer.packAll(blocks)
      await store.putBlocks(owner, stored.map(withRefs(blocks)))
      for (const [i, { hash, plain, refs }] of blocks.entries()) {
        if (!refs) source.blocks.put(hash, plain)
        status.blocksWritten++
        status.bytesWritten += plain.length
        status.bytesStored += stored[i]?.data.length ?? 0
      }
    } catch (cause) {
      if (cause instanceof FsError) throw cause
      throw new FsError(Errno.EIO, 'the blocks of files could not be stored', { cause })
    } finally {
      room.release(bytes)
    }
  }
}

function named(hash: Hash, { plain, refs }: Unstored): NamedBlock {
  return refs ? { hash, plain, refs } : { hash, plain }
}

function withRefs(blocks: readonly NamedBlock[]): (block: StoredBlock, i: number) => StoredBlock {
  return (block, i) => {
    const refs = blocks[i]?.refs
    return refs ? { ...block, refs } : block
  }
}
