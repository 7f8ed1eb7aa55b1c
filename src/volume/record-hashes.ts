// The blocks that a record names directly: for engines and tools that meet records as bytes.

import { type Hash, namedHashes } from './inode.js'
import { decodeDirent, decodeInode } from './inode-codec.js'
import { RecordKind, type VolumeRecord } from './record.js'

/** Throws FormatError. */
export function recordHashes(record: VolumeRecord): Hash[] {
  if (record.kind === RecordKind.inode) return namedHashes(decodeInode(record.parent, record.value))
  if (record.kind !== RecordKind.dirent) return []
  const { inode } = decodeDirent(record.value)
  return inode ? namedHashes(inode) : []
}
