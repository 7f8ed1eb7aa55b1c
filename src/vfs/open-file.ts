// A regular file that is open, or has something unsaved: its spool, the attributes that its unsaved
// changes show, and the errors of its saves. One for each inode, shared by all its handles.

import type { SaveResult } from '../content/content.js'
import type { SaveSnapshot, Spool } from '../content/spool.js'
import type { FsError } from '../posix/errno.js'
import { compareTimes, timeAfter } from '../volume/clock.js'
import { type Inode, inodeWith, type Timespec } from '../volume/inode.js'
import { type AdoptIntent, mtimeOn, type SaveIntent } from './intents/save.js'
import { type SettledChanges, withChanges } from './intents/setattr.js'

/** What unsaved changes do to an inode beside its bytes and size. */
export interface Unsaved {
  /** Of the last write or truncation. */
  readonly mtime: Timespec
  readonly ctime: Timespec
  /** Set-id bits that they took. */
  readonly modeDropped: number
  /** Attributes set since that write, answered and not committed. */
  readonly changes: SettledChanges | undefined
}

/** What one save takes along. */
export interface Cut {
  readonly snapshot: SaveSnapshot
  readonly unsaved: Unsaved
}

/** A save that ended without an answer: it may have been done, may be, or never will be. */
export interface Doubt {
  readonly cut: Cut
  readonly intent: SaveIntent | AdoptIntent
  /** The volume's newest entry then; the save is decided when there is a newer one. */
  readonly seq: number
}

export class OpenFile {
  readonly ino: number
  /** Its cut stays open until it is known what came of it. */
  doubt: Doubt | undefined
  handles = 0
  /** The save under way, and the one that begins behind it. They answer their error. */
  running: Promise<FsError | undefined> | undefined
  next: Promise<FsError | undefined> | undefined
  /** Its unsaved bytes are being handed to rescue: the spool stays until that is done. */
  isRescued = false
  readonly #openSpool: () => Spool
  #spool: Spool | undefined
  #unsaved: Unsaved | undefined
  #saving: Unsaved | undefined
  #error: FsError | undefined
  #errors = 0
  #errorSeen = true
  /** Changes so far; those in the last cut; those whose loss was reported. */
  #changes = 0
  #changesCut = 0
  #changesReported = -1

  constructor(ino: number, openSpool: () => Spool) {
    this.ino = ino
    this.#openSpool = openSpool
  }

  /** Undefined: nothing was written yet. */
  get spool(): Spool | undefined {
    return this.#spool
  }

  get dirty(): boolean {
    return this.#unsaved !== undefined || this.#saving !== undefined
  }

  /** Unsaved changes that no save has taken yet. */
  get unsaved(): Unsaved | undefined {
    return this.#unsaved
  }

  /** For a change of content: follow it by `modified`. */
  writable(): Spool {
    this.#spool ??= this.#openSpool()
    return this.#spool
  }

  /** The content was changed in the spool at `now`; `stored` is the inode beneath. */
  modified(now: Timespec, stored: Inode, modeDropped: number): void {
    const before = this.#unsaved
    this.#changes++
    const time = timeAfter(now, this.#latest(stored))
    const drops = modeDropped | (before?.modeDropped ?? 0)
    const changes = before?.changes && behindWrite(before.changes, modeDropped)
    this.#unsaved = { mtime: time, ctime: time, modeDropped: drops, changes }
  }

  /** Attributes change with the next save. Only while something else is unsaved too. */
  defer(changes: SettledChanges, now: Timespec, stored: Inode): void {
    const before = this.#unsaved
    if (!before) throw new Error(`inode ${this.ino} has nothing unsaved to change with`)
    this.#changes++
    const time = timeAfter(now, this.#latest(stored))
    this.#unsaved = { ...before, ctime: time, changes: { ...before.changes, ...changes } }
  }

  /** The inode as programs see it: what is stored, with everything unsaved laid over it. */
  view(stored: Inode): Inode {
    if (!this.dirty) return stored
    const size = this.#spool?.size(stored.size) ?? stored.size
    let seen = stored
    if (this.#saving) seen = withUnsaved(seen, this.#saving, size)
    if (this.#unsaved) seen = withUnsaved(seen, this.#unsaved, size)
    return seen.size === size ? seen : inodeWith(seen, { size })
  }

  /** Everything unsaved, for a save; its end is told by `saved` or `failed`. */
  cut({ mtime, ctime }: Inode): Cut {
    const nothing = { mtime, ctime, modeDropped: 0, changes: undefined }
    const unsaved = this.#unsaved ?? nothing
    const snapshot = this.writable().cut()
    this.#saving = unsaved
    this.#unsaved = undefined
    this.#changesCut = this.#changes
    return { snapshot, unsaved }
  }

  saved({ snapshot }: Cut, result: SaveResult): void {
    this.#saving = undefined
    this.#spool?.saved(snapshot, result)
  }

  failed({ snapshot, unsaved }: Cut): void {
    this.#saving = undefined
    this.#spool?.failed(snapshot)
    const later = this.#unsaved
    this.#unsaved = later ? { ...later, ...together(unsaved, later) } : unsaved
  }

  /** Forgets what is unsaved. */
  discard(): void {
    if (this.doubt) this.failed(this.doubt.cut)
    this.doubt = undefined
    this.#unsaved = undefined
    this.#saving = undefined
    this.#spool?.discard()
  }

  close(): void {
    this.#unsaved = undefined
    this.#saving = undefined
    this.#spool?.close()
    this.#spool = undefined
  }

  /** To be told once to each handle that is open now, or else to the next one. */
  reportError(error: FsError): void {
    this.#error = error
    this.#errors++
    this.#errorSeen = false
    this.#changesReported = this.#changesCut
  }

  /** Everything unsaved was in a save whose error was reported. */
  get isLossReported(): boolean {
    return this.#changesReported === this.#changes
  }

  /** The last error was told otherwise than by a handle. */
  errorTold(): void {
    this.#errorSeen = true
  }

  /** Where a new handle begins: it is told the last error only if nobody was. */
  get errorsAtOpen(): number {
    return this.#errorSeen ? this.#errors : this.#errors - 1
  }

  /** The error that a handle which has seen `seen` of them is to be told. */
  errorSince(seen: number): { error: FsError | undefined; seen: number } {
    if (seen >= this.#errors) return { error: undefined, seen }
    this.#errorSeen = true
    return { error: this.#error, seen: this.#errors }
  }

  /** An error that nobody has been told. */
  get untoldError(): FsError | undefined {
    return this.#errorSeen ? undefined : this.#error
  }

  #latest(stored: Inode): Timespec {
    const last = this.#unsaved?.ctime ?? this.#saving?.ctime
    return last && compareTimes(last, stored.ctime) > 0 ? last : stored.ctime
  }
}

/** Deferred changes when a write comes after them: its mtime is newer, and set-id bits may go. */
function behindWrite(changes: SettledChanges, modeDropped: number): SettledChanges {
  const { mtime: _older, ...rest } = changes
  return rest.mode === undefined ? rest : { ...rest, mode: rest.mode & ~modeDropped }
}

/** A failed save's part of what is unsaved, joined with what came since. */
function together(failed: Unsaved, later: Unsaved): Pick<Unsaved, 'modeDropped' | 'changes'> {
  const before = failed.changes && behindWrite(failed.changes, later.modeDropped)
  const changes = before || later.changes ? { ...before, ...later.changes } : undefined
  return { modeDropped: failed.modeDropped | later.modeDropped, changes }
}

/** As a save commits it (intents/save.ts): the same times, so that nothing moves by being saved. */
function withUnsaved(inode: Inode, unsaved: Unsaved, size: number): Inode {
  const { ctime, modeDropped, changes } = unsaved
  const mode = inode.mode & ~modeDropped
  const mtime = mtimeOn(inode, unsaved.mtime)
  const written = inodeWith(inode, {
    mode,
    size,
    mtime,
    ctime: timeAfter(ctime, inode.ctime),
  })
  return changes ? withChanges(written, { changes, time: ctime }) : written
}
