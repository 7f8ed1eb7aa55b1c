// The files of a rescue folder: for each thing kept a description, `<id>.json`, and for a file its bytes,
// `<id>.data`. An entry is there when its description has its name: that is written as `.json.new`, brought to
// disk with the bytes, then renamed. What a killed process left is completed by the next one where the
// description is whole, and the machine still runs that it ran on; else it is no entry, every mount tells of it
// where it may be one all the same, and it goes with `cassfs rescue delete --all`.

import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { asFsError } from '../posix/errno.js'
import { bootId } from '../tables/boot-id.js'
import { decodeEntry, type RescueEntry } from './rescue-entry.js'

const idPattern = /^\d{8}T\d{6}Z-[0-9a-f]{12}$/
/** What a description, and the end of a file, take of a disk. */
export const smallestBytes = 4096

export interface RescueCount {
  readonly entries: number
  /** On disk. */
  readonly bytes: number
}

export function isId(text: string): boolean {
  return idPattern.test(text)
}

/** An entry of the folder, or what looks like one and cannot be read. */
export type Rescued =
  | { readonly id: string; readonly entry: RescueEntry; readonly bytes: number }
  | { readonly id: string; readonly entry: undefined; readonly problem: string; bytes: number }

/** All entries, oldest first. Files that are none of CassFS' are left alone. */
export function listRescued(directory: string): Rescued[] {
  return namesIn(directory)
    .filter((name) => name.endsWith('.json') && idPattern.test(name.slice(0, -'.json'.length)))
    .sort()
    .map((name) => readRescued(directory, name.slice(0, -'.json'.length)))
}

function readRescued(directory: string, id: string): Rescued {
  const bytes = allocated(entryPath(directory, id)) + allocated(dataPath(directory, id))
  try {
    const entry = decodeEntry(readFileSync(entryPath(directory, id), 'utf8'))
    checkData(directory, id, entry)
    return { id, entry, bytes }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { id, entry: undefined, problem, bytes }
  }
}

/** How much is kept, what was not completed included. */
export function countRescued(directory: string): RescueCount {
  let [entries, bytes] = [0, 0]
  for (const name of namesIn(directory)) {
    if (!idPattern.test(name.replace(/\.(data|json(\.new)?)$/, ''))) continue
    if (name.endsWith('.json')) entries++
    bytes += allocated(join(directory, name))
  }
  return { entries, bytes }
}

/** Throws FsError. */
export function deleteRescued(directory: string, id: string): void {
  failingAs(`${id} cannot be deleted`, () => {
    // The description first: without it there is no entry.
    rmSync(entryPath(directory, id), { force: true })
    rmSync(`${entryPath(directory, id)}.new`, { force: true })
    rmSync(dataPath(directory, id), { force: true })
  })
}

/**
 * Removes what was never completed, and is older than `ageMs`, so that nobody still works on it; answers how
 * many files. Throws FsError.
 */
export function deleteLeftovers(directory: string, ageMs: number): number {
  const names = namesIn(directory)
  const entries = new Set(names.filter((name) => name.endsWith('.json')))
  const left = names.filter((name) => {
    const id = name.replace(/\.(data|json\.new)$/, '')
    return id !== name && idPattern.test(id) && !entries.has(`${id}.json`)
  })
  return failingAs('what was left unfinished cannot be deleted', () => {
    const old = left.filter((name) => {
      const mtimeMs = statSync(join(directory, name), { throwIfNoEntry: false })?.mtimeMs
      return mtimeMs !== undefined && Date.now() - mtimeMs >= ageMs
    })
    for (const name of old) rmSync(join(directory, name), { force: true })
    return old.length
  })
}

/** Where the bytes of an entry are. */
export function dataPath(directory: string, id: string): string {
  return join(directory, `${id}.data`)
}

/** Where its description is. */
export function entryPath(directory: string, id: string): string {
  return join(directory, `${id}.json`)
}

/** Gives a description its name when all is on disk. Throws FsError. */
export async function publish(directory: string, id: string): Promise<void> {
  const path = entryPath(directory, id)
  try {
    await sync(dataPath(directory, id))
    await sync(`${path}.new`)
    renameSync(`${path}.new`, path)
    await sync(directory)
  } catch (cause) {
    // Another process that found it has completed it, or it was deleted.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
    throw asFsError(cause, 'what is kept for rescue cannot be brought to disk')
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r').catch(unlessAbsent)
  if (!file) return
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/** Whether there is an entry, which has its name. */
export function isNamed(directory: string, id: string): boolean {
  return statSync(entryPath(directory, id), { throwIfNoEntry: false }) !== undefined
}

/** Whether what a process left unfinished only lacks its name. */
export function isWhole(directory: string, id: string): boolean {
  try {
    const entry = readUnnamed(directory, id)
    if (isForeign(entry)) return false
    checkData(directory, id, entry)
    return true
  } catch {
    // Its process ended while it was written: it never was an entry.
    return false
  }
}

/** Whether what was left unfinished looks whole, and was before the machine was started anew. */
export function isOfEarlierBoot(directory: string, id: string): boolean {
  try {
    return isForeign(readUnnamed(directory, id)) && !isNamed(directory, id)
  } catch {
    return false
  }
}

function readUnnamed(directory: string, id: string): RescueEntry {
  return decodeEntry(readFileSync(`${entryPath(directory, id)}.new`, 'utf8'))
}

/** Of bytes that were not synced a power cut leaves any, at their full length. */
function isForeign({ boot }: RescueEntry): boolean {
  return boot !== undefined && boot !== bootId()
}

/** A file has the size that its description says only when all of it was written. */
function checkData(directory: string, id: string, { kind, size }: RescueEntry): void {
  if (kind !== 'file') return
  const found = statSync(dataPath(directory, id), { throwIfNoEntry: false })?.size
  if (found === undefined) throw new Error('its bytes are gone')
  if (found !== size) throw new Error(`${found} bytes are there instead of ${size}`)
}

/** Zero for what is not there. */
function allocated(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats ? Math.max(smallestBytes, stats.blocks * 512) : 0
}

/** None where there is no such folder. Throws FsError. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw asFsError(error, `${directory} cannot be read`)
  }
}

/** What is thrown becomes an FsError that says what failed. */
export function failingAs<Result>(message: string, work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    throw asFsError(cause, message)
  }
}
