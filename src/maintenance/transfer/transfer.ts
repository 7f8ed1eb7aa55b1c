// One transfer under way: what was asked for, what has been done, what went wrong, and when to stop.

import { StoreUnavailable } from '../../store/store.js'
import type { Name } from '../../volume/name.js'

export interface TransferOptions {
  /**
   * When what is there already is taken for the same: by size and time, by its bytes, or never. Attributes
   * that differ are given in any case.
   */
  readonly compare: 'times' | 'bytes' | 'never'
  /** What the source does not have goes. */
  readonly delete: boolean
  /** A folder in the place of a file, or a file in that of a folder: it gives way where it is empty, or stays. */
  readonly otherKinds?: 'stay' | undefined
  /** Looks and counts, and changes nothing. */
  readonly dryRun: boolean
  /** One file that fails is told, and the next one is taken. */
  readonly keepGoing: boolean
  /** Longest path below the destination; what is longer could not be reached there. */
  readonly pathBytesMax: number
  /** Aborted: nothing new is begun. */
  readonly signal: AbortSignal
  /** Files under way at once; default 16. */
  readonly filesAtOnce?: number | undefined
}

/** What is told while it happens; paths are below the source, empty for the source itself. */
export interface TransferEvents {
  /** Only with `keepGoing`; else the transfer ends with it. */
  problem(problem: TransferProblem): void
  /** Something is, or would be, done to a path. */
  change(what: ChangeKind, path: Name): void
}

export type ChangeKind = 'make' | 'replace' | 'attributes' | 'remove'

export interface TransferCounts {
  /** Regular files written, and their bytes. */
  files: number
  bytes: number
  folders: number
  /** Symbolic links. */
  links: number
  hardLinks: number
  /** Fifos and devices. */
  specials: number
  /** Everything but folders that was there already. */
  unchanged: number
  /** Had its bytes already, and was given other attributes. */
  attributes: number
  removed: number
  /** Left out: nobody could listen on a copy. */
  sockets: number
  /** Left out: only root may make them. */
  devices: number
  /** Extended attributes that the destination cannot keep. */
  refusedAttributes: number
  failed: number
}

/** What failed, and where. */
export class TransferProblem extends Error {
  override readonly name = 'TransferProblem'
  readonly path: Name
  override readonly cause: Error

  constructor(path: Name, cause: Error) {
    super(cause.message)
    this.path = path
    this.cause = cause
  }
}

/** The signal came. */
export class TransferInterrupted extends Error {
  override readonly name = 'TransferInterrupted'
}

/** After these the next file fails as well: the store is away, or it is of the whole volume or disk. */
export function endsEverything(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException
  return ['ENOSPC', 'EDQUOT', 'EROFS'].includes(code ?? '') || isStoreAway(error)
}

/** Not so a block that is damaged or missing: EIO as well, but of one file. */
function isStoreAway(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause)
    if (each instanceof StoreUnavailable) return true
  return false
}

export class Transfer {
  readonly options: TransferOptions
  readonly counts: TransferCounts = {
    files: 0,
    bytes: 0,
    folders: 0,
    links: 0,
    hardLinks: 0,
    specials: 0,
    unchanged: 0,
    attributes: 0,
    removed: 0,
    sockets: 0,
    devices: 0,
    refusedAttributes: 0,
    failed: 0,
  }
  /** Where it is: for people. */
  path: Name = ''
  readonly #events: TransferEvents

  constructor(options: TransferOptions, events: TransferEvents) {
    this.options = options
    this.#events = events
  }

  /** Throws TransferInterrupted. */
  checkSignal(): void {
    if (this.options.signal.aborted) throw new TransferInterrupted('interrupted')
  }

  change(what: ChangeKind, path: Name): void {
    this.#events.change(what, path)
  }

  /** Tells and counts it; throws it where the transfer is not to go on. */
  problem(path: Name, error: unknown): void {
    if (error instanceof TransferInterrupted) throw error
    if (error instanceof TransferProblem) throw error
    if (!(error instanceof Error) || !('code' in error)) throw error
    this.counts.failed++
    const problem = new TransferProblem(path, error)
    if (!this.options.keepGoing || endsEverything(error)) throw problem
    this.#events.problem(problem)
  }

  /** Does `work`; what fails is a problem of `path`. False: it failed. */
  async guard(path: Name, work: () => Promise<void>): Promise<boolean> {
    this.path = path
    try {
      await work()
      return true
    } catch (error) {
      this.problem(path, error)
      return false
    }
  }
}

/** `a/b` of `a` and `b`. */
export function joined(folder: Name, name: Name): Name {
  return folder === '' ? name : `${folder}/${name}`
}
