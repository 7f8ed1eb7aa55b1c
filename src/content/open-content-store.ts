// Puts the parts together to one owner's ContentStore.

import type { Store } from '../store/store.js'
import type { Content, Hash, Xattrs } from '../volume/inode.js'
import type { Uuid } from '../volume/record.js'
import { type BlockPacker, openBlockPacker } from './block-packer.js'
import { BlockSource, type BlockStore } from './block-source.js'
import type { ContentStatus, ContentStore } from './content.js'
import { contentHashes } from './content-hashes.js'
import { readContent } from './read-content.js'
import { saveAtOnce } from './save-at-once.js'
import { saveContent } from './save-content.js'
import { seekContent } from './seek-content.js'
import { UnstoredBlocks } from './unstored-blocks.js'
import type { UploadStatus, UploadTarget } from './upload.js'
import { createUploadRoom } from './upload-room.js'
import { loadXattrs, saveXattrs } from './xattr-block.js'

export interface ContentStoreOptions {
  readonly store: Pick<Store, 'putBlocks' | 'getBlocks' | 'getBlockSync'>
  readonly owner: Uuid
  /** Memory for blocks and manifests. Default 64 MiB. */
  readonly cacheBytesMax?: number
  /** Shared by the contents of several owners; else this one has its own, closed with it. */
  readonly packer?: BlockPacker
}

/** Plain bytes that all saves together may have under way. */
const uploadBytesMax = 32 * 1024 * 1024

/** Starts nothing: threads begin with the first large block that is saved. */
export function openContentStore(options: ContentStoreOptions): ContentStore {
  const store: BlockStore = options.store
  const { owner, cacheBytesMax = 64 * 1024 * 1024 } = options
  const source = new BlockSource({ store, owner, cacheBytesMax })
  const packer = options.packer ?? openBlockPacker()
  const written: UploadStatus = { blocksWritten: 0, bytesWritten: 0, bytesStored: 0 }
  const room = createUploadRoom(uploadBytesMax)
  const target: UploadTarget = { store, owner, packer, source, room, status: written }
  const unstored = new UnstoredBlocks(target)
  source.unstored = unstored
  return {
    read: (inode, offset, length, read) => readContent(source, inode, offset, length, read),
    seek: (inode, offset, what) => seekContent(source, inode, offset, what),
    save: (base, snapshot) => saveContent(target, base, snapshot),
    saveAtOnce: (base, snapshot, several) => {
      const saved = saveAtOnce(source, base, snapshot, several)
      for (const block of saved?.blocks ?? []) unstored.hold(block)
      return saved
    },
    hold: (block) => unstored.hold(block),
    release: (block) => unstored.release(block),
    isHeld: ({ hash }) => unstored.get(hash) !== undefined,
    store: ({ hash }, isAnswered) => unstored.store(hash, isAnswered),
    loadXattrs: (inode) => loadXattrs(source, inode),
    saveXattrs: (xattrs: Xattrs) => saveXattrs(target, xattrs),
    hashes: (content: Content): AsyncIterable<Hash> => contentHashes(source, content),
    status: () => statusOf(source, written),
    close: () => {
      unstored.clear()
      source.blocks.clear()
      source.manifests.clear()
      if (!options.packer) packer.close()
    },
  }
}

function statusOf(source: BlockSource, written: UploadStatus): ContentStatus {
  const [blocks, manifests] = [source.blocks.status(), source.manifests.status()]
  return {
    cacheBytes: blocks.bytes + manifests.bytes,
    cacheBytesMax: blocks.bytesMax + manifests.bytesMax,
    hits: blocks.hits + manifests.hits,
    misses: blocks.misses + manifests.misses,
    corrupt: source.corrupt,
    blocksRead: source.blocksRead,
    ...written,
  }
}
