// What a mount hands over because it could not be stored, kept in the rescue folder of its volume
// (<statedir>/rescue/<volume>). Whatever fails here is logged and ends here: the file system goes on.

import { join } from 'node:path'
import { readThrough } from '../content/overlay.js'
import type { Intent } from '../vfs/intents/intent.js'
import type { AdoptIntent, SaveIntent } from '../vfs/intents/save.js'
import { isSave } from '../vfs/journaled-intent.js'
import type { LostChange, Rescue, Unsaved, VfsLogger } from '../vfs/vfs-options.js'
import type { Hash, Inode } from '../volume/inode.js'
import type { Uuid } from '../volume/record.js'
import { type FileBytes, keepFile } from './file-bytes.js'
import { bytesOfSave } from './intent-bytes.js'
import { countJournalsAside, journalFolder } from './journals-aside.js'
import { type ByteRange, entryVersion, type RescueEntry, reasonOf } from './rescue-entry.js'
import { countRescued, type RescueCount } from './rescue-files.js'
import { idOf, type RescueDraft, RescueFolder } from './rescue-folder.js'

/** Blocks of lost saves that a later lost save may build on. */
const blockBytesMax = 16 * 2 ** 20
/** So many lost changes are remembered, which may be handed over again. */
const keepingMax = 10_000

export interface RescueOptions {
  readonly stateDir: string
  readonly volume: Uuid
  readonly owner: string
  readonly environment: string
  /** How much is kept of this volume; 0: nothing. */
  readonly bytesMax: number
  readonly logger: VfsLogger
}

export interface MountRescue extends Rescue {
  readonly directory: string
  /** What is there, of earlier mounts too, and journals that were set aside. Throws FsError. */
  count(): RescueCount
}

/** Where everything of all volumes is. */
export function rescueRoot(stateDir: string): string {
  return join(stateDir, 'rescue')
}

/** Completes what a killed process left; says in the log when there is something. */
export function openRescue(options: RescueOptions): MountRescue {
  const rescue = new RescueOnDisk(options)
  rescue.begin()
  return rescue
}

class RescueOnDisk implements MountRescue {
  readonly directory: string
  readonly #options: RescueOptions
  readonly #folder: RescueFolder
  readonly #running = new Set<Promise<void>>()
  /** What was handed over under a name of its own. */
  readonly #keeping = new Map<string, { readonly id: string; readonly done: Promise<void> }>()
  readonly #blocks = new Map<Hash, Uint8Array>()
  #blockBytes = 0

  constructor(options: RescueOptions) {
    this.#options = options
    this.directory = join(rescueRoot(options.stateDir), options.volume)
    this.#folder = new RescueFolder({ directory: this.directory, bytesMax: options.bytesMax })
  }

  begin(): void {
    const { owner, environment, logger } = this.#options
    const onDoubtful = (path: string): void => {
      const message =
        'something was being kept for rescue when the machine went down, and its bytes may be wrong: ' +
        'cassfs rescue does not list it; copy it away if it is needed'
      logger.warn(message, { owner, environment, path })
    }
    this.#track(
      this.#folder.recover(onDoubtful).then(() => {
        const { entries, bytes } = this.count()
        if (entries === 0) return
        const message = 'what could not be stored earlier is kept: see cassfs rescue list'
        logger.warn(message, { owner, environment, entries, bytes })
      }),
    )
  }

  count(): RescueCount {
    const { stateDir, volume } = this.#options
    const kept = countRescued(this.directory)
    const aside = countJournalsAside(journalFolder(stateDir, volume))
    return { entries: kept.entries + aside.entries, bytes: kept.bytes + aside.bytes }
  }

  unsaved({ stored, seen, spool, path, error, content }: Unsaved): Promise<void> {
    const facts = {
      ...this.#facts(error),
      ...factsOf(seen),
      ...(path === undefined ? {} : { path }),
    }
    return this.#track(
      this.#keepFile({ ...facts, kind: 'file' }, () => {
        const layout = spool.layout(0, seen.size, stored.size)
        const copy = (offset: number, length: number) => spool.copy(offset, length)
        return {
          size: seen.size,
          known: layout.filter(({ kind }) => kind === 'bytes').map((piece) => ({ ...piece, copy })),
          stored: layout.flatMap(({ kind, offset, length }) =>
            kind === 'stored' ? [{ start: offset, end: offset + length }] : [],
          ),
          read: (offset, length) => readThrough(content, undefined, stored, offset, length),
        }
      }),
    )
  }

  lost(lost: LostChange): void {
    const { id: key, intent } = lost
    if (key === undefined) return void this.#track(this.#keepLost(lost, undefined))
    if (this.#keeping.has(key)) return
    const id = idOf(key, intent.time.sec)
    const isKept = this.#folder.has(id)
    const done = this.#track(isKept ? this.#folder.complete(id) : this.#keepLost(lost, id))
    this.#keeping.set(key, { id, done })
    for (const oldest of this.#keeping.keys()) {
      if (this.#keeping.size <= keepingMax) break
      this.#keeping.delete(oldest)
    }
  }

  spared(key: string): void {
    const kept = this.#keeping.get(key)
    if (!kept) return
    this.#keeping.delete(key)
    this.#track(
      kept.done.then(() => {
        this.#folder.remove(kept.id)
        const message = 'a change that seemed lost was stored after all: it is not kept any more'
        this.#options.logger.warn(message, { id: kept.id })
      }),
    )
  }

  #keepLost(lost: LostChange, id: string | undefined): Promise<void> {
    const { intent, path, newPath, error } = lost
    const paths = {
      ...(path === undefined ? {} : { path }),
      ...(newPath === undefined ? {} : { newPath }),
    }
    const facts = { ...this.#facts(error), ...paths, ...inoOf(intent) }
    const bytes = isSave(intent) ? this.#bytesOf(intent, lost) : undefined
    const change = describeIntent(intent)
    if (bytes) {
      const seen = lost.seen ? factsOf({ ...lost.seen, size: bytes.size }) : { size: bytes.size }
      return this.#keepFile({ ...facts, ...seen, kind: 'file', change }, () => bytes, id)
    }
    return this.#keepChange({ ...facts, kind: 'change', change }, id)
  }

  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #bytesOf(intent: SaveIntent | AdoptIntent, { content }: LostChange): FileBytes | undefined {
    for (const { hash, plain } of intent.blocks) this.#remember(hash, plain)
    const bytes = bytesOfSave(intent, this.#blocks)
    const result = intent.prepared?.result
    if (!bytes || !result) return undefined
    return { ...bytes, read: (offset, length) => content.read(result, offset, length) }
  }

  /** What was appended to a lost save is saved with that one's block, which no store may have. */
  #remember(hash: Hash, plain: Uint8Array): void {
    if (this.#blocks.has(hash)) return
    this.#blocks.set(hash, plain)
    this.#blockBytes += plain.length
    for (const [oldest, { length }] of this.#blocks) {
      if (this.#blockBytes <= blockBytesMax) break
      this.#blocks.delete(oldest)
      this.#blockBytes -= length
    }
  }

  #facts(error: Error) {
    const { owner, environment, volume } = this.#options
    const time = new Date().toISOString()
    return {
      version: entryVersion,
      time,
      owner,
      environment,
      volume,
      why: reasonOf(error),
    } as const
  }

  async #keepFile(entry: RescueEntry, bytesOf: () => FileBytes, id?: string): Promise<void> {
    const { logger } = this.#options
    const [path, reason] = [entry.path, entry.why.message]
    let undescribed: RescueDraft | undefined
    try {
      const draft = this.#folder.begin(id)
      undescribed = draft
      let missing: readonly ByteRange[] = []
      const describe = (ranges: readonly ByteRange[]) => {
        missing = ranges
        draft.describe({ ...entry, ...(ranges.length > 0 ? { missing: ranges } : {}) })
        undescribed = undefined
      }
      await keepFile(draft, bytesOf(), () => this.#folder.room, describe)
      const message = 'a file that could not be stored is kept: see cassfs rescue list'
      logger.warn(message, {
        id: draft.id,
        path,
        reason,
        ...(missing.length > 0 ? { missing } : {}),
      })
    } catch (error) {
      logger.error('a file that could not be stored cannot be kept either', { path, reason, error })
      this.#discard(undescribed)
    }
  }

  async #keepChange(entry: RescueEntry, id: string | undefined): Promise<void> {
    const { logger } = this.#options
    try {
      const draft = this.#folder.begin(id)
      draft.describe(entry)
      await draft.publish()
    } catch (error) {
      const { path, change } = entry
      logger.error('a lost change cannot be kept', { path, change, error })
    }
  }

  #discard(draft: RescueDraft | undefined): void {
    try {
      draft?.discard()
    } catch (error) {
      this.#options.logger.error('a file of the rescue folder cannot be removed', { error })
    }
  }

  /** Ends when `work` does, and tells what failed there. */
  #track(work: Promise<void>): Promise<void> {
    const ended = work
      .catch((error) => {
        this.#options.logger.error('the rescue folder cannot be used', { error })
      })
      .finally(() => this.#running.delete(ended))
    this.#running.add(ended)
    return ended
  }
}

function factsOf({ ino, mode, uid, gid, size, mtime }: Inode) {
  return { ino, mode, uid, gid, size, mtime }
}

function inoOf(intent: Intent): { ino?: number } {
  return 'ino' in intent ? { ino: intent.ino } : {}
}

/** Without what is made on the way; bytes in hexadecimal. */
function describeIntent(intent: Intent): Record<string, unknown> {
  const { blocks: _, snapshot: __, prepared: ___, as: ____, ...fields } = intent as SaveIntent
  const shown = Object.entries(fields).map(([key, value]: [string, unknown]) => [
    key,
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  ])
  return Object.fromEntries(shown)
}
