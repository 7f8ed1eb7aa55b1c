// An open file, as fs.FileHandle. Without `fd`: a number that no other call could do anything with.

import type { ReadStream, WriteStream } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'
import { encodingOf, flagOf, modeOf, optionsOf, signalOf, viewOf } from './arguments.js'
import { owners, times } from './attributes.js'
import { argumentError } from './errors.js'
import { checkData, type FileData, readToEnd, writeAll } from './file-bytes.js'
import type {
  HandleReadStreamOptions,
  HandleWriteStreamOptions,
  ReadOptions,
  TextOptions,
  TimeArgument,
  WriteOptions,
} from './options.js'
import { pieceOfRead, pieceOfWrite, positionOf } from './pieces.js'
import type { RawFile } from './raw-file.js'
import { sizeOf } from './size.js'
import { bigIntStatsOf, statsOf, type VolumeBigIntStats, type VolumeStats } from './stats.js'
import { readStreamOf, writeStreamOf } from './streams.js'

type View = NodeJS.ArrayBufferView

/**
 * An open file or directory; of a directory, what can be done is stat, sync, chmod, chown, utimes and close. Close it:
 * what was written is saved by then, and its errors are told there.
 */
export class VolumeFileHandle {
  readonly #file: RawFile

  /** Made by `open`. */
  constructor(file: RawFile) {
    this.#file = file
  }

  /**
   * Fills the buffer (16 KiB where none is given) from `position`; null: from where the handle stands, which moves
   * on. Fewer bytes than asked for only at the end of the file. EBADF, EISDIR, EIO.
   */
  read<Data extends View>(
    buffer: Data,
    offset?: number | null,
    length?: number | null,
    position?: number | bigint | null,
  ): Promise<{ bytesRead: number; buffer: Data }>
  read<Data extends View>(
    buffer: Data,
    options?: ReadOptions,
  ): Promise<{ bytesRead: number; buffer: Data }>
  read(
    options?: ReadOptions & { readonly buffer?: Buffer },
  ): Promise<{ bytesRead: number; buffer: Buffer }>
  async read(first?: unknown, second?: unknown, length?: unknown, position?: unknown) {
    const piece = pieceOfRead(first, second, length, position)
    const bytesRead = await this.#file.read(piece.bytes, piece.position)
    return { bytesRead, buffer: piece.data as never }
  }

  /** One buffer after the other. */
  async readv<Views extends readonly View[]>(
    buffers: Views,
    position?: number | null,
  ): Promise<{ bytesRead: number; buffers: Views }> {
    let at = positionOf(position)
    let bytesRead = 0
    for (const buffer of buffers) {
      const count = await this.#file.read(viewOf(buffer), at)
      bytesRead += count
      if (at !== undefined) at += count
      if (count < buffer.byteLength) break
    }
    return { bytesRead, buffers }
  }

  /**
   * Writes all of it at `position`; null: where the handle stands, which moves on; always at the end of a file
   * opened to append. It is saved by close, sync, or after 5 s. EBADF, EFBIG, EIO.
   */
  write<Data extends View>(
    buffer: Data,
    offset?: number | null,
    length?: number | null,
    position?: number | null,
  ): Promise<{ bytesWritten: number; buffer: Data }>
  write<Data extends View>(
    buffer: Data,
    options?: WriteOptions,
  ): Promise<{ bytesWritten: number; buffer: Data }>
  write(
    text: string,
    position?: number | null,
    encoding?: BufferEncoding | null,
  ): Promise<{ bytesWritten: number; buffer: string }>
  async write(data: string | View, second?: unknown, third?: unknown, position?: unknown) {
    const piece = pieceOfWrite(data, second, third, position)
    const bytesWritten = await this.#file.write(piece.bytes, piece.position)
    return { bytesWritten, buffer: piece.data as never }
  }

  /** One buffer behind the other. */
  async writev<Views extends readonly View[]>(
    buffers: Views,
    position?: number | null,
  ): Promise<{ bytesWritten: number; buffers: Views }> {
    const bytes = Buffer.concat(buffers.map(viewOf))
    return { bytesWritten: await this.#file.write(bytes, positionOf(position)), buffers }
  }

  /** From where the handle stands to the end. */
  readFile(options?: TextOptions<null> | null): Promise<Buffer>
  readFile(options: TextOptions<BufferEncoding> | BufferEncoding): Promise<string>
  async readFile(options?: unknown): Promise<Buffer | string> {
    const given = optionsOf('readFile', options, ['encoding', 'flag', 'signal'])
    const encoding = given.encoding == null ? 'buffer' : encodingOf(given.encoding)
    const bytes = await readToEnd(this.#file, signalOf(given.signal))
    return encoding === 'buffer' ? bytes : bytes.toString(encoding)
  }

  /** To where the handle stands; it replaces nothing behind that. */
  async writeFile(
    data: FileData,
    options?: TextOptions<BufferEncoding | null> | BufferEncoding | null,
  ): Promise<void> {
    checkData(data)
    const known = ['encoding', 'mode', 'flag', 'flush', 'signal'] as const
    const given = optionsOf('writeFile', options, known)
    const encoding = encodingOf(given.encoding)
    if (encoding === 'buffer') throw argumentError('encoding buffer is not known')
    const isFlushed = flagOf('flush', given.flush)
    await writeAll(this.#file, data, encoding, signalOf(given.signal))
    if (isFlushed) await this.sync()
  }

  /** As `writeFile`. */
  appendFile(
    data: FileData,
    options?: TextOptions<BufferEncoding | null> | BufferEncoding | null,
  ): Promise<void> {
    return this.writeFile(data, options)
  }

  /** What is written and not saved yet counts. */
  stat(options?: { readonly bigint?: false }): Promise<VolumeStats>
  stat(options: { readonly bigint: true }): Promise<VolumeBigIntStats>
  async stat(options?: unknown): Promise<VolumeStats | VolumeBigIntStats> {
    const isBig = flagOf('bigint', optionsOf('stat', options, ['bigint']).bigint)
    const inode = await this.#file.stat()
    const { isUnsaved } = this.#file
    return isBig ? bigIntStatsOf(inode, isUnsaved) : statsOf(inode, isUnsaved)
  }

  /** Returns when everything done to the file is in the store; tells what could not be saved. */
  sync(): Promise<void> {
    return this.#file.sync(false)
  }

  /** As `sync`. */
  datasync(): Promise<void> {
    return this.#file.sync(true)
  }

  /** To `length` bytes, default 0; what is missing is zeros. EINVAL where it was not opened for writing. */
  async truncate(length?: number | null): Promise<void> {
    await this.#file.setAttributes('ftruncate', { size: sizeOf(length) })
  }

  async utimes(atime: TimeArgument, mtime: TimeArgument): Promise<void> {
    await this.#file.setAttributes('futime', times(atime, mtime))
  }

  async chmod(mode: number | string): Promise<void> {
    await this.#file.setAttributes('fchmod', { mode: modeOf(mode, 0) })
  }

  /** -1 leaves what is there. */
  async chown(uid: number, gid: number): Promise<void> {
    await this.#file.setAttributes('fchown', owners(uid, gid))
  }

  /** From `start`, or where the handle stands; closes it at the end unless `autoClose` is false. */
  createReadStream(options?: HandleReadStreamOptions): ReadStream {
    return readStreamOf(this.#file, options)
  }

  createWriteStream(options?: HandleWriteStreamOptions): WriteStream {
    return writeStreamOf(this.#file, options)
  }

  readLines(options?: HandleReadStreamOptions): Interface {
    const input = this.createReadStream(options)
    return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  }

  /**
   * Waits for calls under way, saves, closes. Rejects with what could not be saved, also of earlier writes; it is
   * closed all the same.
   */
  close(): Promise<void> {
    return this.#file.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
