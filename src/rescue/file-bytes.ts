// The bytes of a file as a program saw them, put into the rescue folder: first those that are here, in one
// tick as far as they are few; then what has to come from the store, where there is room, and the store
// answers in time. What does not come is named in the description.

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Awaitable } from '../vfs/vfs.js'
import type { ByteRange } from './rescue-entry.js'
import type { RescueDraft } from './rescue-folder.js'

const stepBytes = 2 ** 20
/** So much is written before other work gets its turn. */
const turnBytes = 8 * 2 ** 20
/** How long the store is asked, in all. */
const readingMs = 30_000

/** Bytes that are here. */
export interface KnownPart {
  readonly offset: number
  readonly length: number
  /** Bytes [offset, offset + length) of the file, within the part. Answers in this tick. */
  copy(offset: number, length: number): Uint8Array
}

export interface FileBytes {
  /** Of the file; what is neither known nor stored are zeros. */
  readonly size: number
  readonly known: readonly KnownPart[]
  /** Has to be read. */
  readonly stored: readonly ByteRange[]
  /** Bytes of `stored`. Throws or rejects where they cannot be had. */
  read(offset: number, length: number): Awaitable<readonly Uint8Array[]>
}

/**
 * Writes a file into `draft` and publishes it; `describe` says what it is, told what is missing. From the first
 * description on it survives the end of the process. Rejects with FsError where it cannot be kept.
 */
export async function keepFile(
  draft: RescueDraft,
  file: FileBytes,
  room: () => number,
  describe: (missing: readonly ByteRange[]) => void,
): Promise<void> {
  let turn = 0
  for (const { offset, length, copy } of file.known)
    for (let at = 0; at < length; at += stepBytes) {
      const bytes = copy(offset + at, Math.min(stepBytes, length - at))
      draft.write(offset + at, bytes)
      turn += bytes.length
      if (turn < turnBytes) continue
      await nextTurn()
      turn = 0
    }
  describe(file.stored)
  const storedBytes = file.stored.reduce((sum, { start, end }) => sum + end - start, 0)
  if (storedBytes > 0 && storedBytes <= room()) describe(await keepStored(draft, file))
  await draft.publish()
}

/** Answers what could not be had. */
async function keepStored(draft: RescueDraft, file: FileBytes): Promise<ByteRange[]> {
  const missing: ByteRange[] = []
  const endMs = performance.now() + readingMs
  for (const { start, end } of file.stored)
    for (let at = start; at < end; at += stepBytes) {
      const step = { start: at, end: Math.min(at + stepBytes, end) }
      const isKept = performance.now() < endMs && (await keepStep(draft, file, step))
      if (!isKept) addRange(missing, step)
    }
  return missing
}

/** False: it cannot be had, or there is no room for it any more, which the description tells. */
async function keepStep(
  draft: RescueDraft,
  file: FileBytes,
  { start, end }: ByteRange,
): Promise<boolean> {
  try {
    writeAll(draft, start, await file.read(start, end - start))
    return true
  } catch {
    return false
  }
}

function writeAll(draft: RescueDraft, offset: number, buffers: readonly Uint8Array[]): void {
  let at = offset
  for (const bytes of buffers) {
    // Holes stay holes: the file has its size anyway.
    if (bytes.some((byte) => byte !== 0)) draft.write(at, bytes)
    at += bytes.length
  }
}

function addRange(ranges: ByteRange[], { start, end }: ByteRange): void {
  const last = ranges.at(-1)
  if (last?.end === start) ranges[ranges.length - 1] = { start: last.start, end }
  else ranges.push({ start, end })
}
