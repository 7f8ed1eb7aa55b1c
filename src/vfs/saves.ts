// Saves: what was written becomes content of the volume. One save an inode at a time; whoever asks
// meanwhile shares the one that begins behind it. A save ends with a commit, or with an error that each
// handle is told once (fsync, close); its bytes stay in the spool, to be saved by the next one, until
// the last handle is closed: then they go to rescue, and the kernel is told that they are not there. One
// that ended without an answer of the store is decided before the next: what was done is not done twice.
//
// An inode without a name is not saved: nothing could ever find it.

import type { SaveResult } from '../content/content.js'
import { asFsError, Errno, FsError } from '../posix/errno.js'
import type { Inode } from '../volume/inode.js'
import type { FileSystem } from './file-system.js'
import {
  type AdoptIntent,
  landed,
  letGo,
  type SaveIntent,
  type SaveOutcome,
  type Saving,
  saveIntent,
} from './intents/save.js'
import type { Cut, OpenFile } from './open-file.js'
import { SaveTimer } from './save-timer.js'
import type { Awaitable } from './vfs.js'
import { attributeAgeMsDefault, blockAgeMsDefault } from './vfs-options.js'

export class Saves {
  readonly #fs: FileSystem
  readonly #timer: SaveTimer
  readonly #running = new Set<Promise<unknown>>()
  /** Errors of files that nobody had open then: for the next one who opens them. */
  readonly #untold = new Map<number, FsError>()
  #errors = 0

  constructor(fs: FileSystem) {
    this.#fs = fs
    this.#timer = new SaveTimer(fs.options.clock, (file) => this.#saveAged(file))
  }

  get waiting(): number {
    return this.#running.size
  }

  get errors(): number {
    return this.#errors
  }

  /**
   * Everything written before this call. Undefined: nothing is unsaved, or it was answered early. Answers
   * the error, if any.
   */
  save(file: OpenFile): Promise<FsError | undefined> | undefined {
    if (!file.dirty || this.#fs.isOrphan(file.ino)) return undefined
    if (!file.running) return this.#begin(file, (cause) => this.#report(file, cause))
    file.next ??= file.running.then(() => {
      file.next = undefined
      return this.save(file)
    })
    return file.next
  }

  /** As `save`, for an operation that needs the bytes saved: rejects with the error. */
  saved(ino: number): Promise<void> | undefined {
    const file = this.#fs.files.get(ino)
    return (file && this.save(file))?.then((error) => {
      if (error) throw error
    })
  }

  /** Something in `file` became unsaved: it is saved after a time if nobody asks before. */
  schedule(file: OpenFile): void {
    const { options } = this.#fs
    const ageMs = file.unsaved?.changes
      ? (options.attributeAgeMs ?? attributeAgeMsDefault)
      : (options.blockAgeMs ?? blockAgeMsDefault)
    this.#timer.wait(file, ageMs)
  }

  /** Nobody waits for it: where it fails it is tried again, and told only if the last try fails. */
  #saveAged(file: OpenFile): void {
    if (file.running || !file.dirty || this.#fs.isOrphan(file.ino)) return
    this.#begin(file, (cause) => {
      const error = asFsError(cause)
      this.#fs.options.logger?.warn('a file cannot be saved yet', { ino: file.ino, error })
      if (file.handles > 0) this.schedule(file)
      return error
    })
  }

  /** The last handle is closed. */
  released(file: OpenFile): void {
    const saving = this.save(file)
    if (!saving && !this.#lossOf(file)) {
      this.#fs.settleFile(file)
      return
    }
    this.#track(this.#endOf(file, saving))
  }

  async #endOf(file: OpenFile, saving: Promise<FsError | undefined> | undefined): Promise<void> {
    let error = saving && (await saving)
    // Somebody else may have asked for one more save meanwhile.
    while (file.running) error = await file.running
    error ??= this.#lossOf(file)
    if (error && file.handles === 0 && file.dirty) await this.#giveUp(file, error)
    this.#fs.settleFile(file)
  }

  /** Why there is nowhere to save it to: not because it was removed, but because its making was lost. */
  #lossOf(file: OpenFile): FsError | undefined {
    if (!file.dirty || !this.#fs.isOrphan(file.ino)) return undefined
    return this.#fs.losses.of(file.ino)?.error
  }

  /** The file is closed for good. */
  forget(file: OpenFile): void {
    this.#timer.forget(file)
  }

  /** The error of an earlier save that the next handle is to be told. */
  takeUntold(ino: number): FsError | undefined {
    const error = this.#untold.get(ino)
    this.#untold.delete(ino)
    return error
  }

  /** Nobody who had the file open was told: the next one is. */
  keepUntold(ino: number, error: FsError): void {
    for (const other of this.#untold.keys()) if (!this.#fs.stored(other)) this.#untold.delete(other)
    this.#untold.set(ino, error)
  }

  /** Saves everything; answers the first error. */
  async saveAll(): Promise<FsError | undefined> {
    const saves = [...this.#fs.files.values()].map((file) => this.save(file))
    const errors = await Promise.all(saves)
    await this.ended()
    return errors.find((error) => error !== undefined)
  }

  /** Resolves when no save is under way. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
  }

  /** Gives an inode that never had a name its first one, with all its bytes. */
  async adopt(file: OpenFile, make: (saving: Saving) => AdoptIntent): Promise<Inode> {
    while (file.running) await file.running
    const committed = this.#commit(file, make)
    if (committed instanceof Promise)
      this.#occupy(
        file,
        committed.then(
          () => undefined,
          (error) => asFsError(error),
        ),
      )
    const outcome = await committed
    if (!outcome) throw new FsError(Errno.EIO, 'a file without a name could not be given one')
    return outcome.inode
  }

  /** Undefined: it is done. `failed` tells what is to be answered where it is not. */
  #begin(
    file: OpenFile,
    failed: (cause: unknown) => FsError,
  ): Promise<FsError | undefined> | undefined {
    try {
      const committed = this.#commit(file)
      if (!(committed instanceof Promise)) return undefined
      const running = committed.then(() => undefined, failed)
      return this.#occupy(file, running)
    } catch (error) {
      return Promise.resolve(failed(error))
    }
  }

  /** `running` is the file's save under way until it ends. */
  #occupy(file: OpenFile, running: Promise<FsError | undefined>): Promise<FsError | undefined> {
    const ended = running.finally(() => {
      if (file.running === ended) file.running = undefined
      if (file.handles === 0) queueMicrotask(() => this.#fs.settleFile(file))
    })
    file.running = ended
    this.#track(ended)
    return ended
  }

  /** Undefined: there is nothing to save after all, or nowhere to save it to. */
  #commit(
    file: OpenFile,
    make?: (saving: Saving) => AdoptIntent,
  ): Awaitable<SaveOutcome | undefined> {
    if (!this.decide(file)) throw new FsError(Errno.EIO, 'the save before is not decided yet')
    if (!make && !file.dirty) return undefined
    this.#timer.forget(file)
    const cut = file.cut(this.#fs.storedInode(file.ino))
    const { snapshot, unsaved } = cut
    const { mtime, ctime: time, modeDropped, changes } = unsaved
    const { ino } = file
    const saving = { ino, time, mtime, modeDropped, changes, snapshot }
    const intent = make?.(saving) ?? saveIntent(saving)
    const ended = (outcome: unknown) =>
      this.#ended(file, cut, intent, outcome as SaveOutcome | undefined)
    const failed = (error: unknown): never => this.#failed(file, cut, intent, error)
    let outcome: unknown
    try {
      outcome = this.#fs.replica.change(intent)
    } catch (error) {
      return failed(error)
    }
    return outcome instanceof Promise ? outcome.then(ended, failed) : ended(outcome)
  }

  #ended(
    file: OpenFile,
    cut: Cut,
    intent: SaveIntent | AdoptIntent,
    outcome: SaveOutcome | undefined,
  ): SaveOutcome | undefined {
    if (outcome) {
      this.#saved(file, cut, outcome.result)
      return outcome
    }
    letGo(this.#fs.content, intent)
    file.failed(cut)
    return undefined
  }

  #failed(file: OpenFile, cut: Cut, intent: SaveIntent | AdoptIntent, error: unknown): never {
    letGo(this.#fs.content, intent)
    const unknown = asFsError(error).errno === Errno.EIO
    if (unknown) file.doubt = { cut, intent, seq: this.#fs.replica.head.seq }
    else file.failed(cut)
    throw error
  }

  /** Looks what came of a save that ended without an answer. False: nobody knows yet. */
  decide(file: OpenFile): boolean {
    const { doubt } = file
    if (!doubt) return true
    const { replica } = this.#fs
    const inode = replica.inode(file.ino)
    const result = inode && landed(doubt.intent, inode)
    const undecided = replica.status().inFlight && replica.head.seq === doubt.seq
    if (!result && undecided) return false
    file.doubt = undefined
    if (result) this.#saved(file, doubt.cut, result)
    else file.failed(doubt.cut)
    return true
  }

  #saved(file: OpenFile, cut: Cut, result: SaveResult): void {
    file.saved(cut, result)
    if (result.moved) this.#fs.invalidations.content(file.ino)
  }

  #report(file: OpenFile, cause: unknown): FsError {
    const error = asFsError(cause)
    this.#errors++
    // The last close tries once more: whoever was told that these bytes are not saved need not hear it
    // again, and nobody else wrote them.
    if (file.handles > 0 || !file.isLossReported) file.reportError(error)
    const path = this.#fs.path(file.ino)
    this.#fs.options.logger?.error('a file could not be saved', { ino: file.ino, path, error })
    return error
  }

  /** Nobody has the file open, and its bytes cannot be saved. */
  async #giveUp(file: OpenFile, error: FsError): Promise<void> {
    const { options, invalidations, losses, content } = this.#fs
    const stored = this.#fs.stored(file.ino) ?? losses.of(file.ino)?.inode
    const { spool, unsaved } = file
    if (stored && spool && options.rescue) {
      const [path, seen] = [losses.path(file.ino), file.view(stored)]
      file.isRescued = true
      await options.rescue.unsaved({ stored, seen, spool, path, error, content })
      file.isRescued = false
    }
    // Somebody may have opened and written it meanwhile: then that is saved, or given up, by itself.
    if (file.handles > 0 || (file.unsaved && file.unsaved !== unsaved)) return
    file.discard()
    invalidations.content(file.ino)
  }

  #track(promise: Promise<unknown>): void {
    this.#running.add(promise)
    const end = () => this.#running.delete(promise)
    promise.then(end, end)
  }
}
