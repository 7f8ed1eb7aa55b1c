// What a program sees of a file: the committed content with the unsaved changes laid over it. Relies on
// ContentStore and Spool only.

import type { ContentStore, ReadOptions, Stored } from './content.js'
import type { Spool, SpoolPiece } from './spool.js'
import { zeros } from './zeros.js'

/**
 * Bytes [offset, offset + length) as a reader sees them, clamped to the size it sees. `spool` undefined:
 * nothing is unsaved. The buffers are read only. As ContentStore.read, a promise only where something
 * has to come from the store; what is unsaved is taken in the tick of the call.
 */
export function readThrough(
  content: ContentStore,
  spool: Spool | undefined,
  inode: Stored,
  offset: number,
  length: number,
  options?: ReadOptions,
): Buffer[] | Promise<Buffer[]> {
  if (!spool?.dirty) return content.read(inode, offset, length, options)
  const parts: (Buffer[] | Promise<Buffer[]>)[] = []
  let waits = false
  for (const piece of spool.layout(offset, length, inode.size)) {
    const part = readPiece(content, spool, inode, piece, options)
    if (!Array.isArray(part)) waits = true
    parts.push(part)
  }
  if (!waits) return (parts as Buffer[][]).flat()
  return Promise.all(parts).then((all) => all.flat())
}

function readPiece(
  content: ContentStore,
  spool: Spool,
  inode: Stored,
  piece: SpoolPiece,
  options: ReadOptions | undefined,
): Buffer[] | Promise<Buffer[]> {
  if (piece.kind === 'bytes') return [spool.copy(piece.offset, piece.length)]
  if (piece.kind === 'zeros') return zeros(piece.length)
  return content.read(inode, piece.offset, piece.length, options)
}

/**
 * lseek(2) SEEK_DATA or SEEK_HOLE as a reader sees the file. Undefined: ENXIO (at or behind the end, or
 * no data from there on).
 */
export function seekThrough(
  content: ContentStore,
  spool: Spool | undefined,
  inode: Stored,
  offset: number,
  what: 'data' | 'hole',
): number | undefined | Promise<number | undefined> {
  if (!spool?.dirty) return content.seek(inode, offset, what)
  const size = spool.size(inode.size)
  if (offset >= size) return undefined
  const pieces = spool.layout(offset, size - offset, inode.size)
  return seekPieces(content, inode, pieces, what, what === 'hole' ? size : undefined)
}

function seekPieces(
  content: ContentStore,
  inode: Stored,
  pieces: readonly SpoolPiece[],
  what: 'data' | 'hole',
  otherwise: number | undefined,
): number | undefined | Promise<number | undefined> {
  for (const [i, piece] of pieces.entries()) {
    const { kind, offset } = piece
    if (kind !== 'stored') {
      if ((kind === 'bytes') === (what === 'data')) return offset
      continue
    }
    const behind = offset + piece.length
    const within = (at: number | undefined): at is number => at !== undefined && at < behind
    const found = content.seek(inode, offset, what)
    if (found instanceof Promise)
      return found.then((at) =>
        within(at) ? at : seekPieces(content, inode, pieces.slice(i + 1), what, otherwise),
      )
    if (within(found)) return found
  }
  return otherwise
}
