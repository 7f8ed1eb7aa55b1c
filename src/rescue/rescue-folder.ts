// The rescue folder of one volume, written by a mount: things are put into it, within a bound, so that a crash
// leaves no half entry. How its files are named and read is rescue-files.ts'.
//
// Nothing is ever removed to make room: when the folder is full, what is new is refused.

import { createHash, randomBytes } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Errno, FsError } from '../posix/errno.js'
import { bootId } from '../tables/boot-id.js'
import { makeLastingFolder } from '../tables/lasting-folder.js'
import { encodeEntry, type RescueEntry } from './rescue-entry.js'
import {
  countRescued,
  dataPath,
  deleteRescued,
  entryPath,
  failingAs,
  isId,
  isNamed,
  isOfEarlierBoot,
  isWhole,
  namesIn,
  publish,
  smallestBytes,
} from './rescue-files.js'

/** How long the count of the folder is believed: other mounts of the volume write to it as well. */
const countedForMs = 1000

export interface RescueFolderOptions {
  /** Made when there is something to keep. */
  readonly directory: string
  /** How much is kept in it. */
  readonly bytesMax: number
}

/** Something that is being kept. Every method works in one tick but `publish`; all throw FsError. */
export interface RescueDraft {
  readonly id: string
  /** ENOSPC: it does not fit any more. */
  write(offset: number, bytes: Uint8Array): void
  /** From now on it survives the end of this process. May be said again. */
  describe(entry: RescueEntry): void
  /** Brings it to disk, under its name. */
  publish(): Promise<void>
  /** It is not kept. */
  discard(): void
}

export class RescueFolder {
  readonly #options: RescueFolderOptions
  #usedBytes = 0
  #countedMs = Number.NEGATIVE_INFINITY

  constructor(options: RescueFolderOptions) {
    this.#options = options
  }

  /** Bytes that still may be kept. */
  get room(): number {
    if (performance.now() - this.#countedMs > countedForMs) {
      this.#usedBytes = countRescued(this.#options.directory).bytes
      this.#countedMs = performance.now()
    }
    return this.#options.bytesMax - this.#usedBytes
  }

  /**
   * `id`: of what may be kept twice, as `idOf` makes it; what is left of an earlier attempt goes. Throws
   * FsError: ENOSPC where the folder is full.
   */
  begin(id: string = newId()): RescueDraft {
    const { directory } = this.#options
    return failingAs('nothing can be kept for rescue', () => {
      this.#take(2 * smallestBytes)
      makeLastingFolder(directory)
      const draft = new DraftOnDisk(directory, id, (bytes) => this.#take(bytes))
      draft.discard()
      return draft
    })
  }

  /** Whether an entry is there, though it may lack its name. */
  has(id: string): boolean {
    const { directory } = this.#options
    return isNamed(directory, id) || isWhole(directory, id)
  }

  /** Gives an entry its name that a killed process has left without. Rejects with FsError. */
  async complete(id: string): Promise<void> {
    await publish(this.#options.directory, id)
  }

  /** It is not kept any more. Throws FsError. */
  remove(id: string): void {
    deleteRescued(this.#options.directory, id)
  }

  /**
   * Completes what processes left that were killed; answers how many. Those that cannot be are left: `onDoubtful`
   * hears the path of each whose bytes the machine may have lost.
   */
  async recover(onDoubtful: (path: string) => void): Promise<number> {
    const { directory } = this.#options
    let count = 0
    for (const name of namesIn(directory)) {
      const id = name.endsWith('.json.new') ? name.slice(0, -'.json.new'.length) : ''
      if (!isId(id)) continue
      if (isOfEarlierBoot(directory, id)) onDoubtful(join(directory, name))
      if (!isWhole(directory, id)) continue
      await publish(directory, id)
      count++
    }
    return count
  }

  #take(bytes: number): void {
    if (bytes > this.room)
      throw new FsError(
        Errno.ENOSPC,
        `the rescue folder is full (rescue_size=${this.#options.bytesMax}); see: cassfs rescue list`,
      )
    this.#usedBytes += bytes
  }
}

class DraftOnDisk implements RescueDraft {
  readonly id: string
  readonly #directory: string
  readonly #take: (bytes: number) => void
  #fd: number | undefined
  #writtenBytes = 0
  #takenBytes = smallestBytes

  constructor(directory: string, id: string, take: (bytes: number) => void) {
    this.#directory = directory
    this.id = id
    this.#take = take
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#writtenBytes += bytes.length
    if (this.#writtenBytes > this.#takenBytes) {
      this.#take(this.#writtenBytes - this.#takenBytes)
      this.#takenBytes = this.#writtenBytes
    }
    failingAs('a file cannot be kept for rescue', () => {
      this.#fd ??= openSync(dataPath(this.#directory, this.id), 'wx', 0o600)
      for (let at = 0; at < bytes.length; )
        at += writeSync(this.#fd, bytes, at, bytes.length - at, offset + at)
    })
  }

  describe(entry: RescueEntry): void {
    failingAs('what is kept for rescue cannot be described', () => {
      if (entry.kind === 'file') {
        this.#fd ??= openSync(dataPath(this.#directory, this.id), 'wx', 0o600)
        ftruncateSync(this.#fd, entry.size ?? 0)
      }
      const path = `${entryPath(this.#directory, this.id)}.new`
      writeFileSync(path, encodeEntry({ ...entry, boot: bootId() }), { mode: 0o600 })
    })
  }

  async publish(): Promise<void> {
    this.#close()
    await publish(this.#directory, this.id)
  }

  discard(): void {
    this.#close()
    rmSync(dataPath(this.#directory, this.id), { force: true })
    rmSync(`${entryPath(this.#directory, this.id)}.new`, { force: true })
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }
}

/** Sorts by time. */
function newId(): string {
  return `${timeOf(new Date())}-${randomBytes(6).toString('hex')}`
}

/** The id of an entry about what is called `key`, and happened at `seconds` since 1970. */
export function idOf(key: string, seconds: number): string {
  const time = new Date(seconds * 1000)
  const isUsual = seconds >= 0 && seconds < 253_402_300_800 // the year 10,000
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 12)
  return `${timeOf(isUsual ? time : new Date(0))}-${digest}`
}

function timeOf(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d+/g, '')
}
