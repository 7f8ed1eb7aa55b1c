// Blocks as a check asks for them: as of the snapshot, or of the store as it is now.

import type { Row, Snapshot, Store, StoredBlock } from '../../store/store.js'
import type { Hash } from '../../volume/inode.js'
import type { Uuid } from '../../volume/record.js'

export interface BlockReader {
  /** Of their plain bytes; `there` where the store would have to read them to tell. */
  lengths(hashes: readonly Hash[]): Promise<(number | 'there' | undefined)[]>
  blocks(hashes: readonly Hash[]): Promise<Row<StoredBlock>[]>
}

export function frozenBlocks(snapshot: Snapshot, owner: Uuid): BlockReader {
  return {
    blocks: async (hashes) => hashes.map((hash) => snapshot.block(owner, hash)),
    lengths: async (hashes) =>
      hashes.map((hash) => (snapshot.hasBlock(owner, hash) ? 'there' : undefined)),
  }
}

export function storedBlocks(store: Store, owner: Uuid): BlockReader {
  return {
    blocks: (hashes) => store.getBlocks(owner, hashes),
    lengths: (hashes) => store.blockLengths(owner, hashes),
  }
}
