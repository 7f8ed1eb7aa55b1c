// What was answered and is lost after all, because another mount took the write lease and changed the same:
// told as a failed write is, once, by fsync or close of a file, by fsync of a directory for names.

import type { FsError } from '../posix/errno.js'
import type { FileSystem } from './file-system.js'
import type { Intent } from './intents/intent.js'

export class Losses {
  readonly #fs: FileSystem
  #names: FsError | undefined

  constructor(fs: FileSystem) {
    this.#fs = fs
  }

  lost(intent: Intent, error: FsError): void {
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
}
