// The bytes of a whole file: read to the end, written from whatever has them.

import { isView, viewOf } from './arguments.js'
import { argumentError, throwIfAborted } from './errors.js'
import type { RawFile } from './raw-file.js'

/** What can be written: text, bytes, or something that yields them. */
export type FileData =
  | string
  | NodeJS.ArrayBufferView
  | Iterable<string | NodeJS.ArrayBufferView>
  | AsyncIterable<string | NodeJS.ArrayBufferView>

/** Read at a time where the size does not tell how much there is. */
const pieceBytes = 64 * 1024
/** Read at a time, so that an aborted call ends soon. */
const readBytesMax = 4 * 1024 * 1024

/** From where the file stands to its end, wherever that is by then. */
export async function readToEnd(file: RawFile, signal?: AbortSignal): Promise<Buffer> {
  throwIfAborted(signal)
  const { size } = await file.stat()
  const pieces: Buffer[] = []
  let left = file.isDirectory ? 0 : size
  for (;;) {
    throwIfAborted(signal)
    // One byte more tells whether that is the end.
    const piece = Buffer.allocUnsafe(Math.min(readBytesMax, left > 0 ? left + 1 : pieceBytes))
    const count = await file.read(piece, undefined)
    pieces.push(piece.subarray(0, count))
    left -= count
    if (count < piece.length)
      return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
  }
}

/** Before anything is opened or made for it. */
export function checkData(data: unknown): void {
  if (typeof data === 'string' || isView(data) || isIterable(data)) return
  const message = 'data must be a string, a Buffer, a view, or an iterable of them'
  throw argumentError(message, 'ERR_INVALID_ARG_TYPE')
}

/** To where the file stands. */
export async function writeAll(
  file: RawFile,
  data: FileData,
  encoding: BufferEncoding,
  signal?: AbortSignal,
): Promise<void> {
  throwIfAborted(signal)
  if (typeof data === 'string' || isView(data)) {
    await file.write(bytesOfData(data, encoding), undefined)
    return
  }
  for await (const piece of data) {
    throwIfAborted(signal)
    await file.write(bytesOfData(piece, encoding), undefined)
  }
}

export function bytesOfData(data: unknown, encoding: BufferEncoding): Buffer {
  if (typeof data === 'string') return Buffer.from(data, encoding)
  if (isView(data)) return viewOf(data)
  throw argumentError('data must be a string, a Buffer or a view', 'ERR_INVALID_ARG_TYPE')
}

function isIterable(data: unknown): boolean {
  return (
    typeof data === 'object' &&
    data !== null &&
    (Symbol.iterator in data || Symbol.asyncIterator in data)
  )
}
