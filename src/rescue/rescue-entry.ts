// What is kept of one thing that could not be stored, as it stands in `<id>.json`: whose it was, where, and
// why. Names and paths are byte strings, one character a byte (src/volume/name.ts).

import { errnoName, FsError } from '../posix/errno.js'
import type { Timespec } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import type { Uuid } from '../volume/record.js'

/** Raised when an older CassFS must not guess at what this one wrote. */
export const entryVersion = 1

/** Bytes [start, end). */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface RescueEntry {
  readonly version: typeof entryVersion
  /** `file`: bytes of a file. `change`: a change of names or attributes, described by `change` alone. */
  readonly kind: 'file' | 'change'
  /** The start of the machine in which it was described: until it is on disk, only that one knows its bytes. */
  readonly boot?: Uuid
  /** When it was given up, ISO 8601. */
  readonly time: string
  readonly owner: string
  readonly environment: string
  readonly volume: Uuid
  /** Where it was, from the root of the environment; absent where nobody knew any more. */
  readonly path?: Name
  /** Of a rename: where it was to go. */
  readonly newPath?: Name
  readonly ino?: number
  /** As st_mode. */
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  /** Bytes; of a file, as programs saw it. */
  readonly size?: number
  readonly mtime?: Timespec
  readonly why: { readonly errno: number; readonly code: string; readonly message: string }
  /** What was asked for, by its fields; bytes in hexadecimal. */
  readonly change?: Readonly<Record<string, unknown>>
  /** What of a file could not be had: these bytes are not in the data, where zeros stand for them. */
  readonly missing?: readonly ByteRange[]
}

export function encodeEntry(entry: RescueEntry): string {
  return `${JSON.stringify(entry, undefined, 2)}\n`
}

/** Throws Error, saying what is wrong with it, where the text is no entry. */
export function decodeEntry(text: string): RescueEntry {
  const entry = JSON.parse(text) as Partial<RescueEntry> | null
  if (typeof entry !== 'object' || entry === null) throw new Error('it is no object')
  if (typeof entry.version === 'number' && entry.version > entryVersion)
    throw new Error(`it was written by a newer CassFS (version ${entry.version}): update this one`)
  if (entry.version !== entryVersion) throw new Error(`its version is ${entry.version}`)
  if (entry.kind !== 'file' && entry.kind !== 'change') throw new Error(`its kind is ${entry.kind}`)
  for (const key of ['time', 'owner', 'environment', 'volume'] as const)
    if (typeof entry[key] !== 'string') throw new Error(`it has no ${key}`)
  if (typeof entry.why?.message !== 'string') throw new Error('it does not say why')
  if (entry.kind === 'file') checkFile(entry)
  return entry as RescueEntry
}

function checkFile({ size, missing }: Partial<RescueEntry>): void {
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw new Error(`its size is ${size}`)
  const isRange = ({ start, end }: ByteRange) =>
    Number.isSafeInteger(start) && Number.isSafeInteger(end)
  if (missing !== undefined && !(Array.isArray(missing) && missing.every(isRange)))
    throw new Error('what is missing of it cannot be read')
}

/** An error with those that caused it. */
export function reasonOf(error: Error): RescueEntry['why'] {
  const messages: string[] = []
  for (let each: unknown = error; each instanceof Error; each = each.cause)
    if (!messages.some((before) => before.includes((each as Error).message)))
      messages.push(each.message)
  const errno = error instanceof FsError ? error.errno : 0
  return { errno, code: errno ? errnoName(errno) : error.name, message: messages.join(': ') }
}
