// The arguments of FileHandle.read and write: which bytes of which buffer, and where in the file.

import { integerOf, isView, viewOf } from './arguments.js'
import { argumentError } from './errors.js'

/** Bytes to be read into or written, and where; undefined: at the handle's own position. */
export interface Piece<Data> {
  /** What the caller gave. */
  readonly data: Data
  readonly bytes: Buffer
  readonly position: number | undefined
}

const readBytesDefault = 16 * 1024

interface Range {
  readonly offset?: unknown
  readonly length?: unknown
  readonly position?: unknown
}

/** `read(buffer, offset, length, position)`, `read(buffer, options)`, `read(options)`. */
export function pieceOfRead(
  first: unknown,
  second: unknown,
  length: unknown,
  position: unknown,
): Piece<NodeJS.ArrayBufferView> {
  if (isView(first)) {
    const range = isObject(second) ? second : { offset: second, length, position }
    return pieceOf(first, range)
  }
  if (first !== undefined && first !== null && !isObject(first))
    throw argumentError('buffer must be a Buffer or a view', 'ERR_INVALID_ARG_TYPE')
  const { buffer, ...range } = (first ?? {}) as Range & { buffer?: unknown }
  return pieceOf(viewGiven(buffer) ?? Buffer.alloc(readBytesDefault), range)
}

/** `write(buffer, offset, length, position)`, `write(buffer, options)`, `write(text, position, encoding)`. */
export function pieceOfWrite<Data extends string | NodeJS.ArrayBufferView>(
  data: Data,
  second: unknown,
  third: unknown,
  position: unknown,
): Piece<Data> {
  if (typeof data === 'string') {
    const encoding = third ?? 'utf8'
    if (typeof encoding !== 'string' || !Buffer.isEncoding(encoding))
      throw argumentError(`encoding ${String(encoding)} is not known`)
    return { data, bytes: Buffer.from(data, encoding), position: positionOf(second) }
  }
  if (!isView(data))
    throw argumentError('data must be a string, a Buffer or a view', 'ERR_INVALID_ARG_TYPE')
  const range = isObject(second) ? second : { offset: second, length: third, position }
  return { ...pieceOf(data, range), data }
}

/** Undefined: where the handle stands. */
export function positionOf(position: unknown): number | undefined {
  if (position === undefined || position === null || position === -1 || position === -1n)
    return undefined
  const number = typeof position === 'bigint' ? Number(position) : position
  return integerOf('position', number, 0, Number.MAX_SAFE_INTEGER)
}

function pieceOf(data: NodeJS.ArrayBufferView, range: Range): Piece<NodeJS.ArrayBufferView> {
  const whole = viewOf(data)
  const offset = integerOf('offset', range.offset ?? 0, 0, whole.length)
  const most = whole.length - offset
  const length = integerOf('length', range.length ?? most, 0, most)
  const bytes = whole.subarray(offset, offset + length)
  return { data, bytes, position: positionOf(range.position) }
}

function viewGiven(buffer: unknown): NodeJS.ArrayBufferView | undefined {
  if (buffer === undefined || buffer === null) return undefined
  if (isView(buffer)) return buffer
  throw argumentError('buffer must be a Buffer or a view', 'ERR_INVALID_ARG_TYPE')
}

function isObject(value: unknown): value is Range {
  return typeof value === 'object' && value !== null
}
