// The bytes of a file of this machine. Holes stay holes.

import { type BigIntStats, constants, fstatSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { seekData, seekHole } from '../../native/seek.js'
import { Errno, FsError } from '../../posix/errno.js'
import { type Content, type Entry, type Extent, isOther, type Piece } from './entry.js'
import { fileIdOf, timespecOf } from './local-attributes.js'

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
const pieceBytes = 1 << 20
const blockBytes = 512n

/** Opens a regular file; not a link in its place, nor a pipe that would be waited for. */
export async function openLocalContent(path: Buffer): Promise<Content> {
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const { size, blocks } = statOf(file)
    const isSparse = blocks * blockBytes < size
    return new LocalContent(file, { size: Number(size), isSparse })
  } catch (error) {
    await file.close()
    throw error
  }
}

/** At once: an open file's attributes are in memory. */
function statOf(file: FileHandle): BigIntStats {
  const stats = fstatSync(file.fd, { bigint: true })
  if (!stats.isFile()) throw new FsError(Errno.EINVAL, 'not a regular file any more')
  return stats
}

interface Opened {
  readonly size: number
  readonly isSparse: boolean
}

class LocalContent implements Content {
  #extents: Promise<readonly Extent[]> | undefined
  readonly #file: FileHandle
  readonly #opened: Opened

  constructor(file: FileHandle, opened: Opened) {
    this.#file = file
    this.#opened = opened
  }

  async *pieces(): AsyncGenerator<Piece> {
    const { size } = this.#opened
    const buffer = Buffer.allocUnsafe(Math.min(size, pieceBytes))
    for (const { offset, length } of await this.extents()) {
      for (let at = offset; at < offset + length; ) {
        const wanted = Math.min(buffer.length, offset + length - at)
        const { bytesRead } = await this.#file.read(buffer, 0, wanted, at)
        // Cut short meanwhile: `isChanged` tells.
        if (bytesRead === 0) return
        yield { offset: at, bytes: buffer.subarray(0, bytesRead) }
        at += bytesRead
      }
    }
  }

  extents(): Promise<readonly Extent[]> {
    this.#extents ??= this.#findExtents()
    return this.#extents
  }

  async #findExtents(): Promise<Extent[]> {
    const { size, isSparse } = this.#opened
    if (size === 0) return []
    if (!isSparse) return [{ offset: 0, length: size }]
    const found: Extent[] = []
    for (let at = 0; at < size; ) {
      const data = seekData(this.#file.fd, at)
      if (data === undefined || data >= size) break
      const hole = Math.min(seekHole(this.#file.fd, data) ?? size, size)
      found.push({ offset: data, length: hole - data })
      at = hole
    }
    return found
  }

  async isChanged(entry: Entry): Promise<boolean> {
    const stats = statOf(this.#file)
    const mtime = timespecOf(stats.mtimeNs)
    return isOther(entry, { size: Number(stats.size), mtime, fileId: fileIdOf(stats) })
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
