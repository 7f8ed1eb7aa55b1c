// Arguments as node:fs takes them: paths, encodings, numbers, times, options. An option that is not known is
// refused: one that is ignored would be believed.

import type { Timespec } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import { argumentError, rangeError } from './errors.js'

/** UTF-8 text, or the bytes themselves. Begins at the volume's root, with or without a slash. */
export type VolumePath = string | Uint8Array

/** How names come back: as text of this encoding (default `utf8`), or as their bytes. */
export type NameEncoding = BufferEncoding | 'buffer'

/** A time: a Date, or seconds since 1970, also as text. */
export type TimeArgument = string | number | Date

/** A path, or another name, as bytes. */
export function bytesOf(path: VolumePath, what = 'path'): Name {
  if (typeof path !== 'string' && !(path instanceof Uint8Array))
    throw argumentError(`${what} must be a string or a Buffer`, 'ERR_INVALID_ARG_TYPE')
  const bytes = typeof path === 'string' ? Buffer.from(path) : viewOf(path)
  if (bytes.includes(0)) throw argumentError(`${what} must not have null bytes`)
  return bytes.toString('latin1')
}

/** For messages: bytes that are no UTF-8 show as they may. */
export function textOf(path: VolumePath): string {
  if (typeof path === 'string') return path
  return path instanceof Uint8Array ? viewOf(path).toString() : String(path)
}

export function isView(data: unknown): data is NodeJS.ArrayBufferView {
  return ArrayBuffer.isView(data)
}

/** The same bytes as a Buffer. */
export function viewOf(data: NodeJS.ArrayBufferView): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

export function encodingOf(encoding: unknown): NameEncoding {
  if (encoding === undefined || encoding === null) return 'utf8'
  if (encoding === 'buffer') return 'buffer'
  if (typeof encoding === 'string' && Buffer.isEncoding(encoding)) return encoding
  throw argumentError(`encoding ${String(encoding)} is not known`)
}

/** A name in the encoding that was asked for. */
export function named(name: Name, encoding: NameEncoding): string | Buffer {
  const bytes = Buffer.from(name, 'latin1')
  return encoding === 'buffer' ? bytes : bytes.toString(encoding)
}

/**
 * The options of a call: text in their place is the encoding. Throws where one is set that is not in `known`.
 */
export function optionsOf<Known extends string>(
  call: string,
  given: unknown,
  known: readonly Known[],
): { readonly [Key in Known]?: unknown } {
  if (given === undefined || given === null) return {}
  if (typeof given === 'string') {
    if ((known as readonly string[]).includes('encoding'))
      return { encoding: given } as { [Key in Known]?: unknown }
    throw argumentError(`${call} takes no encoding`, 'ERR_INVALID_ARG_TYPE')
  }
  if (typeof given !== 'object')
    throw argumentError(`the options of ${call} must be an object`, 'ERR_INVALID_ARG_TYPE')
  for (const [key, value] of Object.entries(given))
    if (value !== undefined && !(known as readonly string[]).includes(key))
      throw argumentError(`${call} does not know the option ${key}; it takes ${known.join(', ')}`)
  return given as { [Key in Known]?: unknown }
}

export function flagOf(option: string, value: unknown): boolean {
  if (value === undefined || value === null) return false
  if (typeof value === 'boolean') return value
  throw argumentError(`${option} must be true or false`, 'ERR_INVALID_ARG_TYPE')
}

export function signalOf(value: unknown): AbortSignal | undefined {
  if (value === undefined || value === null) return undefined
  if (value instanceof AbortSignal) return value
  throw argumentError('signal must be an AbortSignal', 'ERR_INVALID_ARG_TYPE')
}

/** A whole number of this range. */
export function integerOf(what: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number')
    throw argumentError(`${what} must be a number`, 'ERR_INVALID_ARG_TYPE')
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw rangeError(`${what} must be a whole number from ${min} to ${max}, not ${value}`)
}

/** Permission bits: a number, or octal text. */
export function modeOf(value: unknown, otherwise: number): number {
  if (value === undefined || value === null) return otherwise
  if (typeof value !== 'string') return integerOf('mode', value, 0, 2 ** 32 - 1)
  if (!/^[0-7]+$/.test(value)) throw argumentError(`mode ${value} is no octal number`)
  return Number.parseInt(value, 8)
}

/** Undefined stands for -1, "leave it". */
export function idOf(what: string, value: unknown): number | undefined {
  const id = integerOf(what, value, -1, 2 ** 32 - 1)
  return id === -1 || id === 2 ** 32 - 1 ? undefined : id
}

export function timeOf(what: string, value: unknown): Timespec {
  const seconds = value instanceof Date ? value.getTime() / 1000 : Number(value)
  const isTime = value instanceof Date || typeof value === 'number' || typeof value === 'string'
  if (!isTime || value === '' || !Number.isFinite(seconds))
    throw argumentError(`${what} must be a Date or a time in seconds`, 'ERR_INVALID_ARG_TYPE')
  // Doubles hold microseconds of today; what is behind those is noise.
  const micros = Math.round(seconds * 1e6)
  const sec = Math.floor(micros / 1e6)
  return { sec, nsec: (micros - sec * 1e6) * 1000 }
}
