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
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Uuid } from '../volume/record.js'
import type { Copies } from './copies.js'
import { CopyOnDisk } from './copy-on-disk.js'
import { MemoryTables } from './memory-tables.js'
import type { WritableTables } from './tables.js'

/** Raised when an older CassFS must not go on with what this one wrote. */
const format = 1
const slotsMax = 16

export interface CopyFolderOptions {
  /** Made if it is not there. Each volume needs its own. */
  readonly directory: string
  readonly volume: Uuid
  /** Locks an open file until it is closed; false where another process has it. */
  readonly tryLock: (fd: number) => boolean
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
}

interface State {
  readonly format: number
  readonly volume: Uuid
  readonly copy: string
  /** The boot in which it was written to last; absent: it was synced, and not written to since. */
  readonly boot?: string
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
    const { volume, warn } = this.#options
    if (!this.#slot) return undefined
    const { directory } = this.#slot
    const state = readState(directory)
    const isUsable =
      state?.format === format &&
      state.volume === volume &&
      (state.boot === undefined || state.boot === bootId())
    removeCopies(directory, isUsable ? state.copy : undefined)
    if (!isUsable) return undefined
    try {
      const copy = this.#openCopy(directory, state.copy)
      if (!copy.head()) throw new Error('it has no head')
      this.#kept = copy
      writeState(directory, { ...state, boot: bootId() })
      return copy
    } catch (error) {
      warn('the copy of the volume on disk cannot be used', { directory, error })
      this.#forget()
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
    const copy = this.#open.find((one) => one === tables)
    this.#kept = copy
    for (const other of this.#open) if (other !== copy) this.#drop(other)
    this.#open = copy ? [copy] : []
    if (!this.#slot) return
    const { directory } = this.#slot
    try {
      const { volume } = this.#options
      if (!copy || copy.isBroken) this.#forget()
      else writeState(directory, { format, volume, copy: copy.name, boot: bootId() })
    } catch (error) {
      this.#options.warn('the copy of the volume cannot be kept on disk', { directory, error })
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const kept = this.#kept
    for (const other of this.#open) if (other !== kept) this.#drop(other)
    this.#open = []
    if (!this.#slot) return
    const { directory, lockFd } = this.#slot
    try {
      if (kept && !kept.isBroken) {
        kept.sync()
        await kept.close()
        const { volume } = this.#options
        writeState(directory, { format, volume, copy: kept.name })
      }
    } catch (error) {
      this.#options.warn('the copy of the volume may have to be loaded again', { directory, error })
    } finally {
      closeSync(lockFd)
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
    const copy = new CopyOnDisk({ directory: join(directory, name), name, volume, onBroken })
    this.#open.push(copy)
    return copy
  }

  /** No process shall go on from what is here. */
  #forget(): void {
    if (!this.#slot) return
    try {
      rmSync(join(this.#slot.directory, 'state.json'), { force: true })
    } catch (error) {
      this.#options.warn('an old copy of the volume cannot be removed', { error })
    }
  }

  #drop(copy: CopyOnDisk): void {
    copy.discard().catch((error: unknown) => {
      this.#options.warn('an old copy of the volume cannot be removed', { error })
    })
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

function removeCopies(directory: string, except: string | undefined): void {
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory() && entry.name !== except)
      rmSync(join(directory, entry.name), { recursive: true, force: true })
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
}
