// File bytes as the vfs sees them: an inode's stored content is read here, and unsaved changes (a
// spool's snapshot) become new content here. Relies on a store's block calls and on src/cache; knows no
// names, no order of changes and no handles.

import type { Content, Hash, Inode, Xattrs } from '../volume/inode.js'
import type { AppendRun, SaveSnapshot } from './spool.js'

/** What of an inode says where its bytes are. */
export type Stored = Pick<Inode, 'content' | 'size'>

/** What a save made; the vfs commits `content` and `size`, then hands it to `Spool.saved`. */
export interface SaveResult {
  readonly content: Content
  readonly size: number
  /** Appended bytes ended elsewhere than the spool had shown: what was cached of them is wrong. */
  readonly moved: boolean
  /** How far each run of appended bytes went from where the spool had shown it. */
  readonly shifts: ReadonlyMap<AppendRun, number>
}

/** A block with its plain bytes, which do not change any more. */
export interface NamedBlock {
  readonly hash: Hash
  readonly plain: Buffer
  /** Of a manifest: the blocks that it names. */
  readonly refs?: readonly Hash[] | undefined
}

export interface SavedAtOnce {
  readonly result: SaveResult
  /** All that are new, a manifest behind what it names. */
  readonly blocks: readonly NamedBlock[]
}

export interface ReadOptions {
  /** Bytes behind the range that are to be fetched too, without anyone waiting for them. */
  readonly aheadBytes?: number
}

/** Where a new set of extended attributes goes; laid over an inode. */
export type StoredXattrs = Pick<Inode, 'xattrs'> & { readonly xattrBlock: Inode['xattrBlock'] }

export interface ContentStatus {
  readonly cacheBytes: number
  readonly cacheBytesMax: number
  readonly hits: number
  readonly misses: number
  /** Blocks that came from the store with bytes that are not their name's. */
  readonly corrupt: number
  readonly blocksRead: number
  readonly blocksWritten: number
  /** Plain bytes of the blocks written, and what was sent for them after compression. */
  readonly bytesWritten: number
  readonly bytesStored: number
}

/** The contents of one owner's files. */
export interface ContentStore {
  /**
   * Bytes [offset, offset + length) of the stored content, clamped to `size`; holes are zeros. The
   * buffers may be shared with the cache: read only. A promise only where something has to come from
   * the store. Throws or rejects with FsError EIO: a block is missing, damaged, or cannot be had now.
   */
  read(
    inode: Stored,
    offset: number,
    length: number,
    options?: ReadOptions,
  ): Buffer[] | Promise<Buffer[]>
  /**
   * The first offset at or behind `offset` that is data, or a hole (the end of the file counts as
   * one), as lseek(2) SEEK_DATA and SEEK_HOLE. Undefined: ENXIO.
   */
  seek(
    inode: Stored,
    offset: number,
    what: 'data' | 'hole',
  ): number | undefined | Promise<number | undefined>
  /**
   * Puts a snapshot of unsaved changes on `base`, the newest committed content: uploads what is new,
   * answers the new content and size. May be called again for the same snapshot, on a newer base or
   * because the store lost blocks: everything new is uploaded again. A promise only where something has
   * to be read or uploaded. FsError: EIO, ENOSPC, EFBIG.
   */
  save(base: Stored, snapshot: SaveSnapshot): SaveResult | Promise<SaveResult>
  /**
   * As `save`, where nothing has to be read for it and it makes one block at most, or, where `several` may
   * be made, those of a file of 4 MiB written whole. They are held: they can be read, and are in the store
   * when `store` says so. Undefined: not such a case.
   */
  saveAtOnce(base: Stored, snapshot: SaveSnapshot, several: boolean): SavedAtOnce | undefined
  /** From now on a block can be read that the store may not have; until `release`, or it is stored. */
  hold(block: NamedBlock): void
  release(block: NamedBlock): void
  /** Whether it is to be stored still. */
  isHeld(block: NamedBlock): boolean
  /**
   * Puts what is held, together with all else that is. Undefined: the store has it. FsError: EIO, ENOSPC.
   * `isAnswered`: as PutOptions of the store.
   */
  store(block: NamedBlock, isAnswered?: boolean): Promise<void> | undefined
  /** All extended attributes of an inode, also where they are a block of their own. */
  loadXattrs(inode: Pick<Inode, 'xattrs' | 'xattrBlock'>): Xattrs | Promise<Xattrs>
  /** Makes a block of a set too large for the inode's record (over 4 KiB). */
  saveXattrs(xattrs: Xattrs): StoredXattrs | Promise<StoredXattrs>
  /** Every block that a content needs, manifests included; reads the manifests. */
  hashes(content: Content): AsyncIterable<Hash>
  status(): ContentStatus
  /** Drops the cache. Reads and saves under way end by themselves. */
  close(): void
}
