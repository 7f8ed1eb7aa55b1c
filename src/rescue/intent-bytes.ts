// What is known of a file's bytes from a change that saves it: what stands in the change itself, and in the
// blocks that it has made. The rest is in blocks that the store had before.

import { rootHeight } from '../content/content-parts.js'
import { decodeManifest, type Entry } from '../content/manifest-codec.js'
import type { SaveIntent } from '../vfs/intents/save.js'
import type { Content, Hash } from '../volume/inode.js'
import type { FileBytes, KnownPart } from './file-bytes.js'

/** What a save made of a file; of one that was never prepared nothing is known. */
export function bytesOfSave(
  { prepared, blocks }: Pick<SaveIntent, 'prepared' | 'blocks'>,
  others: ReadonlyMap<Hash, Uint8Array>,
): Omit<FileBytes, 'read'> | undefined {
  if (!prepared) return undefined
  const { content, size } = prepared.result
  if (content.kind === 'none') return { size, known: [], stored: [] }
  if (content.kind === 'inline') return { size, known: [known(0, content.data, size)], stored: [] }
  const plainOf = (hash: Hash): Uint8Array | undefined =>
    blocks.find((block) => block.hash === hash)?.plain ?? others.get(hash)
  const parts: KnownPart[] = []
  const stored: { start: number; end: number }[] = []
  let at = 0
  for (const entry of entriesOf(content, plainOf)) {
    const end = Math.min(at + entry.length, size)
    const plain = entry.kind === 'block' ? plainOf(entry.hash) : undefined
    if (plain) parts.push(known(at, plain, size))
    else if (at < end && entry.kind !== 'hole') stored.push({ start: at, end })
    at += entry.length
  }
  if (content.tail) parts.push(known(content.length, content.tail, size))
  return { size, known: parts, stored }
}

/** As far as its manifest is at hand. */
function entriesOf(
  { kind, hash, length }: Exclude<Content, { kind: 'none' | 'inline' }>,
  plainOf: (hash: Hash) => Uint8Array | undefined,
): readonly Entry[] {
  if (kind === 'block') return length > 0 ? [{ kind, hash, length }] : []
  const plain = plainOf(hash)
  if (plain) return decodeManifest(plain).entries
  return [{ kind: 'node', hash, length, height: rootHeight, entries: rootHeight, holes: true }]
}

/** Bytes at `start`; what lies behind the end of the file is none of it. */
function known(start: number, bytes: Uint8Array, size: number): KnownPart {
  return {
    offset: start,
    length: Math.max(0, Math.min(bytes.length, size - start)),
    copy: (offset, length) => bytes.subarray(offset - start, offset - start + length),
  }
}
