// Blocks that are named by changes on their way, and that the store does not have yet: readable from here,
// and put in groups, so that many small files cost few calls of the store.
//
// A group that could not be put is put again only when somebody asks for one of it: the groups that failed
// follow one another then, and the first that fails again ends it, so that a full disk is asked once.

import { Errno, FsError } from '../posix/errno.js'
import type { StoredBlock } from '../store/store.js'
import type { Hash } from '../volume/inode.js'
import type { NamedBlock } from './content.js'
import type { UploadTarget } from './upload.js'

/** A group is put as soon as it is this large, also where nobody waits for it yet. */
const groupBlocks = 64
const groupBytes = 2 * 1024 * 1024

interface Unstored {
  readonly hash: Hash
  readonly plain: Buffer
  readonly refs: readonly Hash[] | undefined
  /** Whoever still needs it. */
  readonly holders: Set<NamedBlock>
  /** The put under way. */
  put: Promise<void> | undefined
  /** A change that names it was answered already. */
  isAnswered: boolean
}

export class UnstoredBlocks {
  readonly #target: UploadTarget
  readonly #blocks = new Map<Hash, Unstored>()
  /** Those that no put has taken yet. */
  #next = new Set<Unstored>()
  #nextBytes = 0
  /** Those whose put has failed. */
  #failed = new Set<Unstored>()

  constructor(target: UploadTarget) {
    this.#target = target
  }

  get(hash: Hash): Buffer | undefined {
    return this.#blocks.get(hash)?.plain
  }

  /** It is to be stored, and can be read meanwhile. */
  hold(block: NamedBlock): void {
    const { hash, plain } = block
    const known = this.#blocks.get(hash)
    if (known) {
      known.holders.add(block)
      return
    }
    const held = {
      hash,
      plain,
      refs: block.refs,
      holders: new Set([block]),
      put: undefined,
      isAnswered: false,
    }
    this.#blocks.set(hash, held)
    this.#next.add(held)
    this.#nextBytes += plain.length
    // Where it fails, whoever needs it asks again, and is told.
    if (this.#next.size >= groupBlocks || this.#nextBytes >= groupBytes) this.#putNext()
  }

  /** The change that named it has ended. */
  release(block: NamedBlock): void {
    const known = this.#blocks.get(block.hash)
    if (!known?.holders.delete(block) || known.holders.size > 0 || known.put) return
    this.#forget(known)
  }

  /** Undefined: the store has it. Rejects with FsError; ask again. */
  store(hash: Hash, isAnswered = false): Promise<void> | undefined {
    const known = this.#blocks.get(hash)
    if (!known) return undefined
    known.isAnswered ||= isAnswered
    if (this.#failed.has(known)) this.#putFailed(known)
    else if (!known.put) this.#putNext()
    return known.put
  }

  clear(): void {
    this.#blocks.clear()
    this.#next.clear()
    this.#nextBytes = 0
    this.#failed.clear()
  }

  #forget(block: Unstored): void {
    this.#blocks.delete(block.hash)
    this.#failed.delete(block)
    if (this.#next.delete(block)) this.#nextBytes -= block.plain.length
  }

  #putNext(): void {
    const next = this.#next
    this.#next = new Set()
    this.#nextBytes = 0
    for (const group of groupsOf(next)) this.#put(group)
  }

  /** `asked` first, then those that were answered as well, or were not as well. */
  #putFailed(asked: Unstored): void {
    const alike = new Set([asked])
    for (const block of this.#failed) if (block.isAnswered === asked.isAnswered) alike.add(block)
    for (const block of alike) this.#failed.delete(block)
    let before: Promise<void> | undefined
    for (const group of groupsOf(alike)) before = this.#put(group, before)
  }

  /** Not before `before`, and not at all where that fails. */
  #put(group: readonly Unstored[], before?: Promise<void>): Promise<void> {
    const upload = before ? before.then(() => this.#upload(group)) : this.#upload(group)
    const put = upload.then(
      () => {
        for (const block of group)
          if (this.#blocks.get(block.hash) === block) this.#blocks.delete(block.hash)
      },
      (error) => {
        for (const block of group) this.#hasFailed(block)
        throw error
      },
    )
    put.catch(() => {})
    for (const block of group) block.put = put
    return put
  }

  #hasFailed(block: Unstored): void {
    block.put = undefined
    if (this.#blocks.get(block.hash) !== block) return
    if (block.holders.size === 0) this.#forget(block)
    else this.#failed.add(block)
  }

  async #upload(group: readonly Unstored[]): Promise<void> {
    const { store, owner, packer, source, room, status } = this.#target
    const bytes = group.reduce((sum, { plain }) => sum + plain.length, 0)
    // Bounded: what holds the room is packed and put within the store's own time limit.
    while (room.full) await room.changed()
    room.claim(bytes)
    try {
      const stored = await packer.packAll(group)
      const isAnswered = group.every((block) => block.isAnswered)
      await store.putBlocks(owner, stored.map(withRefs(group)), { isAnswered })
      for (const [i, { hash, plain, refs }] of group.entries()) {
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

function withRefs(group: readonly Unstored[]): (block: StoredBlock, i: number) => StoredBlock {
  return (block, i) => {
    const refs = group[i]?.refs
    return refs ? { ...block, refs } : block
  }
}

function* groupsOf(blocks: Iterable<Unstored>): Generator<Unstored[]> {
  let [group, bytes]: [Unstored[], number] = [[], 0]
  for (const block of blocks) {
    group.push(block)
    bytes += block.plain.length
    if (group.length < groupBlocks && bytes < groupBytes) continue
    yield group
    ;[group, bytes] = [[], 0]
  }
  if (group.length > 0) yield group
}
