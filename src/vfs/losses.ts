// What was answered and is lost after all, because another mount took the write lease and changed the same:
// handed to rescue, and told as a failed write is, once, by fsync or close of a file, by fsync of a directory
// for names. What was written to a file that is lost as a whole is lost with it: so it is remembered.

import type { FsError } from '../posix/errno.js'
import { NotLoaded } from '../replica/replica.js'
import { type Inode, rootIno } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import type { FileSystem } from './file-system.js'
import { type CreateIntent, newInode } from './intents/create.js'
import type { Intent } from './intents/intent.js'
import type { AdoptIntent, SaveIntent } from './intents/save.js'
import { withChanges } from './intents/setattr.js'
import { isSave } from './journaled-intent.js'

/** So many lost inodes are remembered; at most one second of changes is ever lost at once. */
const madeMax = 10_000

/** An inode that was made, and is not in the volume. */
export interface LostInode {
  readonly inode: Inode | undefined
  readonly parent: number
  readonly name: Name
  readonly error: FsError
}

export class Losses {
  readonly #fs: FileSystem
  readonly #made = new Map<number, LostInode>()
  #names: FsError | undefined

  constructor(fs: FileSystem) {
    this.#fs = fs
  }

  /** It will be lost: what would be gone is kept now. */
  losing(intent: Intent, error: FsError, id: string | undefined): void {
    if (intent.kind === 'create' || intent.kind === 'adopt') this.#remember(intent, error)
    this.#rescue(intent, error, id)
  }

  /** It was done after all. */
  spared(intent: Intent, id: string): void {
    if (intent.kind === 'create' || intent.kind === 'adopt') this.#made.delete(intent.ino)
    this.#fs.options.rescue?.spared(id)
  }

  lost(intent: Intent, error: FsError, id?: string): void {
    this.losing(intent, error, id)
    if ('parent' in intent) this.#names = error
    if (!('ino' in intent)) return
    const file = this.#fs.files.get(intent.ino)
    if (file && file.handles > 0) file.reportError(error)
    else this.#fs.saves.keepUntold(intent.ino, error)
  }

  /** Throws what nobody has been told of names. */
  checkNames(): void {
    const error = this.#names
    this.#names = undefined
    if (error) throw error
  }

  /** The inode, where it was made here, answered, and is lost. */
  of(ino: number): LostInode | undefined {
    return this.#made.get(ino)
  }

  /** Where an inode is, or was to be; undefined: nobody knows any more. */
  path(ino: number): Name | undefined {
    if (ino === rootIno) return '/'
    const lost = this.#made.get(ino)
    if (lost) return this.#below(lost.parent, lost.name)
    return ifLoaded(() => this.#fs.path(ino))
  }

  #below(parent: number, name: Name): Name | undefined {
    const folder = this.path(parent)
    return folder === undefined ? undefined : `${folder === '/' ? '' : folder}/${name}`
  }

  #remember(intent: CreateIntent | AdoptIntent, error: FsError): void {
    const { ino, parent, name } = intent
    this.#made.set(ino, { inode: this.#inodeOf(intent), parent, name, error })
    for (const oldest of this.#made.keys()) {
      if (this.#made.size <= madeMax) break
      this.#made.delete(oldest)
    }
  }

  #inodeOf(intent: CreateIntent | AdoptIntent): Inode | undefined {
    if (intent.kind === 'adopt') return intent.inode
    const directory = this.#inode(intent.parent)
    return directory && newInode(intent, directory)
  }

  #inode(ino: number): Inode | undefined {
    return ifLoaded(() => this.#fs.stored(ino)) ?? this.#made.get(ino)?.inode
  }

  #rescue(intent: Intent, error: FsError, id: string | undefined): void {
    const { content, options } = this.#fs
    options.rescue?.lost({
      intent,
      error,
      id,
      content,
      path: 'parent' in intent ? this.#below(intent.parent, intent.name) : this.path(intent.ino),
      newPath: intent.kind === 'rename' ? this.#below(intent.newParent, intent.newName) : undefined,
      seen: isSave(intent) ? this.#seen(intent) : undefined,
    })
  }

  /** The inode with the attributes that the save would have given it. */
  #seen(intent: SaveIntent | AdoptIntent): Inode | undefined {
    const { ino, mtime, modeDropped, changes, time } = intent
    const inode = this.#inode(ino)
    if (!inode) return undefined
    const written = { ...inode, mode: inode.mode & ~modeDropped, mtime }
    return changes ? withChanges(written, { changes, time }) : written
  }
}

/** A loss is told while a volume is still being loaded too: then less is known of it. */
function ifLoaded<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch (error) {
    if (error instanceof NotLoaded) return undefined
    throw error
  }
}
