// Copies of a volume kept on disk from one process to the next: <directory>/<slot>/<copy>/data.mdb. A slot
// belongs to one process at a time (its file `lock` is locked); a second process on the same folder
// takes the next slot. Which copy of the slot counts, and whether it can be trusted, stands in its file
// `state.json`, which is only ever replaced whole.
//
// A copy is no more than a shortcut: whatever is wrong with it, it is thrown away and loaded again.

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Errno, FsError } from '../posix/errno.js'
import type { Uuid } from '../volume/record.js'
import { bootId } from './boot-id.js'
import type { Copies } from './copies.js'
import { CopyOnDisk } from './copy-on-disk.js'
import { fileSum, isDataFile } from './data-file.js'
import { syncFolder } from './lasting-folder.js'
import { MemoryTables } from './memory-tables.js'
import type { WritableTables } from './tables.js'

/** Raised when an older CassFS must not go on with what this one wrote. */
const format = 1
const slotsMax = 16
const freeBytesMin = 32 * 2 ** 20
/** A copy that is larger has no sum: who opens it waits for that, and nothing else goes on meanwhile. */
const summedBytesMax = 256 * 2 ** 20

export interface CopyFolderOptions {
  /** Made if it is not there. Each volume needs its own. */
  readonly directory: string
  readonly volume: Uuid
  /** Locks an open file until it is closed; false where another process has it. */
  readonly tryLock: (fd: number) => boolean
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
  /** 256 MiB unless told: the largest copy that is believed after a restart of the machine. */
  readonly summedBytesMax?: number
}

interface State {
  readonly format: number
  readonly volume: Uuid
  readonly copy: string
  /** The data file's length then; it only ever grows. */
  readonly bytes: number
  /** The only boot in which it is believed; absent: it was synced, and not written to since. */
  readonly boot?: string
  /** CRC-32 of the data file; there where `boot` is not. */
  readonly sum?: number
}

interface Slot {
  readonly directory: string
  readonly lockFd: number
}

/** Copies in a folder; in memory, with a warning, where nothing can be kept in it. */
export function openCopyFolder(options: CopyFolderOptions): Copies {
  try {
    return new CopyFolder(options, takeSlot(options))
  } catch (error) {
    options.warn('no copy of the volume can be kept on disk', {
      directory: options.directory,
      error,
    })
    return new CopyFolder(options, undefined)
  }
}

class CopyFolder implements Copies {
  readonly #options: CopyFolderOptions
  readonly #slot: Slot | undefined
  #open: CopyOnDisk[] = []
  #kept: CopyOnDisk | undefined
  #count = 0
  #closing: Promise<void> | undefined

  constructor(options: CopyFolderOptions, slot: Slot | undefined) {
    this.#options = options
    this.#slot = slot
  }

  kept(): WritableTables | undefined {
    if (!this.#slot) return undefined
    const { directory } = this.#slot
    try {
      const state = usableState(directory, this.#options.volume)
      const isUsable = state !== undefined && !(state instanceof Error)
      if (isUsable) checkRoom(directory)
      // LMDB ends the process where its file is damaged enough: the next one shall not try it again. And it is
      // written to from here on, without syncs: after a power cut nobody shall take it for whole.
      forgetState(directory)
      removeCopies(directory, isUsable ? state.copy : undefined)
      if (state instanceof Error) throw state
      if (!state) return undefined
      const copy = this.#openCopy(directory, state.copy)
      if (!copy.head()) throw new Error('it has no head')
      this.keep(copy)
      return copy
    } catch (error) {
      this.#options.warn('the copy of the volume on disk cannot be used', { directory, error })
      return undefined
    }
  }

  create(): WritableTables {
    if (!this.#slot) return new MemoryTables()
    const { directory } = this.#slot
    try {
      return this.#openCopy(directory, `${process.pid}-${Date.now()}-${this.#count++}`)
    } catch (error) {
      this.#options.warn('a copy of the volume cannot be made on disk', { directory, error })
      return new MemoryTables()
    }
  }

  keep(tables: WritableTables): void {
    this.#kept = this.#open.find((one) => one === tables)
    this.#writeState({ boot: bootId() })
  }

  drop(tables: WritableTables): void {
    const copy = this.#open.find((one) => one === tables)
    if (!copy) return
    this.#open = this.#open.filter((one) => one !== copy)
    if (this.#kept === copy) {
      this.#kept = undefined
      this.#forget()
    }
    copy.discard().catch((error: unknown) => {
      this.#options.warn('an old copy of the volume cannot be removed', { error })
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const kept = this.#kept
    for (const other of this.#open) if (other !== kept) this.drop(other)
    if (!this.#slot) return
    try {
      if (!kept) return
      kept.sync()
      await kept.close()
      const isSmall = kept.fileBytes <= (this.#options.summedBytesMax ?? summedBytesMax)
      this.#writeState(isSmall ? { sum: await kept.fileSum() } : { boot: bootId() })
    } catch (error) {
      const { directory } = this.#slot
      this.#options.warn('the copy of the volume may have to be loaded again', { directory, error })
    } finally {
      closeSync(this.#slot.lockFd)
    }
  }

  #openCopy(directory: string, name: string): CopyOnDisk {
    const { volume, warn } = this.#options
    const onBroken = (error: unknown): void => {
      warn('the copy of the volume cannot be written to any more: it goes on in memory', {
        directory,
        error,
      })
      this.#forget()
    }
    checkRoom(directory)
    const copy = new CopyOnDisk({ directory: join(directory, name), name, volume, onBroken })
    this.#open.push(copy)
    return copy
  }

  /** What the next process is to know; nothing where nothing can be gone on from. */
  #writeState(since: Pick<State, 'boot' | 'sum'>): void {
    if (!this.#slot) return
    const { directory } = this.#slot
    const copy = this.#kept
    try {
      const { volume } = this.#options
      if (!copy || copy.isBroken) this.#forget()
      else
        writeState(directory, { format, volume, copy: copy.name, bytes: copy.fileBytes, ...since })
    } catch (error) {
      this.#options.warn('the copy of the volume cannot be kept on disk', { directory, error })
    }
  }

  /** No process shall go on from what is here. */
  #forget(): void {
    if (!this.#slot) return
    try {
      forgetState(this.#slot.directory)
    } catch (error) {
      this.#options.warn('an old copy of the volume cannot be removed', { error })
    }
  }
}

/** The first slot that no living process has. */
function takeSlot({ directory, tryLock }: CopyFolderOptions): Slot {
  for (let at = 0; at < slotsMax; at++) {
    const slot = join(directory, String(at))
    mkdirSync(slot, { recursive: true, mode: 0o700 })
    const lockFd = openSync(join(slot, 'lock'), 'a', 0o600)
    if (tryLock(lockFd)) return { directory: slot, lockFd }
    closeSync(lockFd)
  }
  throw new Error(`${slotsMax} processes have copies of this volume already`)
}

/** What an earlier process left here, if it can be gone on from; an Error where it is damaged. */
function usableState(directory: string, volume: Uuid): State | Error | undefined {
  const state = readState(directory)
  if (state?.format !== format || state.volume !== volume) return undefined
  if (state.boot !== undefined && state.boot !== bootId()) return undefined
  // An earlier version wrote none.
  if (state.boot === undefined && state.sum === undefined) return undefined
  const file = join(directory, state.copy, 'data.mdb')
  const stats = statSync(file, { throwIfNoEntry: false })
  if (!stats) return undefined
  if (!stats.isFile() || stats.size < state.bytes || stats.size === 0 || !isDataFile(file))
    return new Error(`${file} is damaged`)
  // Who was killed could not leave a sum.
  if (state.boot === undefined && fileSum(file) !== state.sum)
    return new Error(`${file} is damaged`)
  return state
}

/** LMDB ends the process where it cannot write its lock file. Throws ENOSPC. */
function checkRoom(directory: string): void {
  const { bavail, bsize } = statfsSync(directory)
  if (bavail * bsize < freeBytesMin)
    throw new FsError(Errno.ENOSPC, `less than ${freeBytesMin >> 20} MiB are free`)
}

/** Undefined where there is none, or it cannot be read. */
function readState(directory: string): State | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8')) as State
  } catch {
    return undefined
  }
}

function writeState(directory: string, state: State): void {
  const path = join(directory, 'state.json')
  writeFileSync(`${path}.new`, JSON.stringify(state), { mode: 0o600 })
  const fd = openSync(`${path}.new`, 'r+')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(`${path}.new`, path)
}

/** For good: also after a power cut there is none. */
function forgetState(directory: string): void {
  rmSync(join(directory, 'state.json'), { force: true, recursive: true })
  syncFolder(directory)
}

function removeCopies(directory: string, except: string | undefined): void {
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory() && entry.name !== except)
      rmSync(join(directory, entry.name), { recursive: true, force: true })
}
