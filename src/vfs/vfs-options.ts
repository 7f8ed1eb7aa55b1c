// What a vfs is made of, and the few things that differ between a kernel mount, the library and a
// read-only view.

import type { ContentStore } from '../content/content.js'
import type { Spool } from '../content/spool.js'
import type { Replica } from '../replica/replica.js'
import type { Clock } from '../volume/clock.js'
import type { Inode } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import type { Uuid } from '../volume/record.js'
import type { Intent } from './intents/intent.js'
import type { Awaitable } from './vfs.js'

export interface VfsLogger {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** Bytes that could not be stored, when nobody has the file open any more. */
export interface Unsaved {
  /** As it is in the volume, and what programs saw of it. */
  readonly stored: Inode
  readonly seen: Inode
  readonly spool: Spool
  readonly path: Name | undefined
  readonly error: Error
  /** Has what is stored. */
  readonly content: ContentStore
}

/** A change that was answered, and turned out impossible because another mount had changed the same. */
export interface LostChange {
  readonly intent: Intent
  readonly error: Error
  /** Of the change, in every process that carries it on; undefined: no other process will. */
  readonly id: string | undefined
  /** Where it was made; undefined where nobody knows any more. */
  readonly path: Name | undefined
  /** Where a rename was to lead. */
  readonly newPath: Name | undefined
  /** Of a save: the inode as programs saw it, but for its content. */
  readonly seen: Inode | undefined
  readonly content: ContentStore
}

/** Takes what would be gone otherwise. Never throws or rejects. */
export interface Rescue {
  /** The spool is closed when it is done. */
  unsaved(unsaved: Unsaved): Awaitable<void>
  /**
   * When it returns, what it was handed survives the end of the process. What has an id is kept once, however
   * often it is handed over, by whichever process.
   */
  lost(lost: LostChange): void
  /** What was handed over with this id is not lost after all. */
  spared(id: string): void
  /** Resolves when nothing is on its way: before the content store is closed. */
  settled(): Promise<void>
}

export interface VfsOptions {
  /** Opened with `createRules(content)`. */
  readonly replica: Replica<Intent>
  readonly content: ContentStore
  /** A new spool for one inode. */
  readonly openSpool: () => Spool
  readonly clock: Clock
  /** Keys the offsets of readdir. */
  readonly volume: Uuid
  /** False where the kernel checks (default_permissions): then only what it cannot know is checked. */
  readonly checkPermissions: boolean
  readonly readOnly: boolean
  /** Follow the log to its end at every open (`entry_ttl=0`). */
  readonly pollAtOpen: boolean
  /** A close is answered when everything before it is committed, whatever may be answered early. */
  readonly durableClose?: boolean
  /** How long written bytes may stay unsaved while nobody closes or syncs; 5 s. */
  readonly blockAgeMs?: number
  /** How long attributes set along with unsaved bytes may wait for them; 1 s. */
  readonly attributeAgeMs?: number
  /** Of the disk under the store, for statfs; undefined where that has no meaning. */
  readonly space?: () => Awaitable<{ totalBytes: number; freeBytes: number } | undefined>
  readonly logger?: VfsLogger
  /** Absent: what cannot be stored is gone, and only reported. */
  readonly rescue?: Rescue
}

export const blockAgeMsDefault = 5000
export const attributeAgeMsDefault = 1000
