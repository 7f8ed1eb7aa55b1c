// What a volume could not store, for whoever closes it; with a state folder it is kept there too (src/rescue).

import { Errno, FsError } from '../posix/errno.js'
import type { Awaitable } from '../vfs/vfs.js'
import type { LostChange, Rescue, Unsaved } from '../vfs/vfs-options.js'
import type { Name } from '../volume/name.js'

/** One file, or one change of names or attributes, that is not in the store. */
export interface Loss {
  /** Bytes; undefined where it has no path any more. */
  readonly path: Buffer | undefined
  readonly error: Error
}

/** Thrown by `close`: not everything could be stored. EIO. */
export class UnsavedError extends FsError {
  readonly unsaved: readonly Loss[]
  /** Where their bytes are kept; undefined: they are gone. */
  readonly rescueDirectory: string | undefined

  constructor(
    message: string,
    unsaved: readonly Loss[],
    rescueDirectory: string | undefined,
    cause: unknown,
  ) {
    super(Errno.EIO, message, { cause })
    this.unsaved = unsaved
    this.rescueDirectory = rescueDirectory
  }
}

type DiskRescue = Rescue & { readonly directory: string }

/** Remembers what is handed over, and hands it on. */
export class Losses implements Rescue {
  readonly #disk: DiskRescue | undefined
  readonly #unsaved: Loss[] = []
  /** By id, because the same may be told twice. */
  readonly #lost = new Map<string | symbol, Loss>()

  constructor(disk: DiskRescue | undefined) {
    this.#disk = disk
  }

  unsaved(unsaved: Unsaved): Awaitable<void> {
    this.#unsaved.push(lossOf(unsaved.path, unsaved.error))
    return this.#disk?.unsaved(unsaved)
  }

  lost(lost: LostChange): void {
    this.#lost.set(lost.id ?? Symbol('without an id'), lossOf(lost.path, lost.error))
    this.#disk?.lost(lost)
  }

  spared(id: string): void {
    this.#lost.delete(id)
    this.#disk?.spared(id)
  }

  async settled(): Promise<void> {
    await this.#disk?.settled()
  }

  /** Undefined: everything is in the store. `cause` is what closing met with. */
  report(cause: unknown): UnsavedError | undefined {
    const losses = [...this.#unsaved, ...this.#lost.values()]
    if (cause === undefined && losses.length === 0) return undefined
    const directory = losses.length > 0 ? this.#disk?.directory : undefined
    return new UnsavedError(describe(losses, directory, cause), losses, directory, cause)
  }
}

const pathsShown = 3

function describe(losses: readonly Loss[], directory: string | undefined, cause: unknown): string {
  if (losses.length === 0)
    return `not everything is in the store: ${cause instanceof Error ? cause.message : cause}`
  const paths = losses.slice(0, pathsShown).map(({ path }) => path?.toString() ?? 'a removed file')
  const more = losses.length > pathsShown ? ` and ${losses.length - pathsShown} more` : ''
  const kept = directory === undefined ? '' : `; what was written is kept in ${directory}`
  return `could not be stored: ${paths.join(', ')}${more}${kept}`
}

function lossOf(path: Name | undefined, error: Error): Loss {
  return { path: path === undefined ? undefined : Buffer.from(path, 'latin1'), error }
}
