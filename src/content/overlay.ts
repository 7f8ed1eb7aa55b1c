// What a program sees of a file: the committed content with the unsaved changes laid over it. Relies on
// ContentStore and Spool only.

import type { ContentStore, ReadOptions, Stored } from './content.js'
import type { Spool, SpoolPiece } from './spool.js'

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
  for (const piece of spool.read(offset, length, inode.size)) {
    const part = readPiece(content, inode, piece, options)
    if (!Array.isArray(part)) waits = true
    parts.push(part)
  }
  if (!waits) return (parts as Buffer[][]).flat()
  return Promise.all(parts).then((all) => all.flat())
}

function readPiece(
  content: ContentStore,
  inode: Stored,
  piece: SpoolPiece,
  options: ReadOptions | undefined,
): Buffer[] | Promise<Buffer[]> {
  if (piece.kind === 'bytes') return [piece.data]
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
  const pieces = spool.read(offset, size - offset, inode.size)
  const found = what === 'hole' ? size : undefined
  return seekPieces(content, inode, pieces, 0, offset, what, found)
}

/** Looks through `pieces` from index `from`, which begins at `at`. */
function seekPieces(
  content: ContentStore,
  inode: Stored,
  pieces: readonly SpoolPiece[],
  from: number,
  at: number,
  what: 'data' | 'hole',
  otherwise: number | undefined,
): number | undefined | Promise<number | undefined> {
  let start = at
  for (let i = from; i < pieces.length; i++) {
    const piece = pieces[i] as SpoolPiece
    const end = start + (piece.kind === 'bytes' ? piece.data.length : piece.length)
    if (piece.kind !== 'stored') {
      if ((piece.kind === 'bytes') === (what === 'data')) return start
    } else {
      const within = (found: number | undefined) => found !== undefined && found < end
      const found = content.seek(inode, start, what)
      if (found instanceof Promise)
        return found.then((value) =>
          within(value) ? value : seekPieces(content, inode, pieces, i + 1, end, what, otherwise),
        )
      if (within(found)) return found
    }
    start = end
  }
  return otherwise
}

const zeroBlock = Buffer.alloc(256 * 1024)

/** `length` zeros, without memory of their own. */
export function zeros(length: number): Buffer[] {
  const buffers: Buffer[] = []
  for (let left = length; left > 0; left -= zeroBlock.length)
    buffers.push(zeroBlock.subarray(0, Math.min(left, zeroBlock.length)))
  return buffers
}
