// What is known of a file's bytes from a change that saves it: what stands in the change itself, and in the one
// block that it has made. The rest is in blocks that the store had before.

import type { SaveIntent } from '../vfs/intents/save.js'
import type { Hash } from '../volume/inode.js'
import type { FileBytes, KnownPart } from './file-bytes.js'

/** What a save made of a file; of one that was never prepared nothing is known. */
export function bytesOfSave(
  { prepared, block }: Pick<SaveIntent, 'prepared' | 'block'>,
  blocks: ReadonlyMap<Hash, Uint8Array>,
): Omit<FileBytes, 'read'> | undefined {
  if (!prepared) return undefined
  const { content, size } = prepared.result
  if (content.kind === 'none') return { size, known: [], stored: [] }
  if (content.kind === 'inline') return { size, known: [known(0, content.data, size)], stored: [] }
  const { hash, length, tail } = content
  const end = Math.min(length, size)
  const plain = hash === block?.hash ? block.plain : blocks.get(hash)
  const parts = tail ? [known(length, tail, size)] : []
  if (plain && content.kind === 'block')
    return { size, known: [known(0, plain, size), ...parts], stored: [] }
  return { size, known: parts, stored: end > 0 ? [{ start: 0, end }] : [] }
}

/** Bytes at `start`; what lies behind the end of the file is none of it. */
function known(start: number, bytes: Uint8Array, size: number): KnownPart {
  return {
    offset: start,
    length: Math.max(0, Math.min(bytes.length, size - start)),
    copy: (offset, length) => bytes.subarray(offset - start, offset - start + length),
  }
}
