// Changes of a volume, as they come into its log: those of other mounts and of this volume itself. Told are
// paths at and beneath the one that is watched, whatever stands there by then.

import type { LoggedChange } from '../vfs/logged-changes.js'
import { realPath } from '../vfs/resolve-path.js'
import type { Name } from '../volume/name.js'
import {
  bytesOf,
  encodingOf,
  flagOf,
  integerOf,
  type NameEncoding,
  named,
  optionsOf,
  signalOf,
  textOf,
  type VolumePath,
} from './arguments.js'
import { abortError, asVolumeError } from './errors.js'
import type { Session } from './session.js'

/** What has changed. */
export interface WatchEvent<Text extends string | Buffer = string> {
  /**
   * `rename`: a name came, went, or leads to another file. `change`: bytes or attributes changed. `overflow`:
   * more happened than was taken in time; look for yourself, then go on.
   */
  readonly eventType: 'rename' | 'change' | 'overflow'
  /**
   * Path below the watched directory; the last name of the watched path where it is that itself; null for an
   * overflow, and for the root.
   */
  readonly filename: Text | null
}

const queueMaxDefault = 2048
const queueMaxMost = 2 ** 31 - 1

export function watch(session: Session, path: VolumePath, options: unknown) {
  const known = ['encoding', 'recursive', 'signal', 'maxQueue'] as const
  const given = optionsOf('watch', options, known)
  return new Watch(session, path, {
    encoding: encodingOf(given.encoding),
    isRecursive: flagOf('recursive', given.recursive),
    signal: signalOf(given.signal),
    queueMax: integerOf('maxQueue', given.maxQueue ?? queueMaxDefault, 1, queueMaxMost),
  })
}

interface Wishes {
  readonly encoding: NameEncoding
  readonly isRecursive: boolean
  readonly signal: AbortSignal | undefined
  readonly queueMax: number
}

type Event = WatchEvent<string | Buffer>

/** Listens from its making on; what happens before the path is found waits for that. */
class Watch implements AsyncIterableIterator<Event> {
  readonly #session: Session
  readonly #path: VolumePath
  readonly #wishes: Wishes
  readonly #queue: Event[] = []
  readonly #found: Promise<void>
  readonly #stopListening: (() => void)[] = []
  #early: LoggedChange[] = []
  #root: Name | undefined
  #error: unknown
  #isEnded = false
  #wake: (() => void) | undefined
  /** Calls of `next` take turns. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(session: Session, path: VolumePath, wishes: Wishes) {
    this.#session = session
    this.#path = path
    this.#wishes = wishes
    this.#found = this.#begin()
  }

  next(): Promise<IteratorResult<Event>> {
    const turn = this.#turn.then(() => this.#next())
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async return(): Promise<IteratorResult<Event>> {
    this.#end()
    this.#queue.length = 0
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  async #begin(): Promise<void> {
    const { signal } = this.#wishes
    const abort = () => this.#end(signal && abortError(signal))
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort, { once: true })
    this.#stopListening.push(
      this.#session.vfs.onLogged((changes) => this.#take(changes)),
      this.#session.onClose(() => this.#end()),
      () => signal?.removeEventListener('abort', abort),
    )
    const { vfs, caller } = this.#session
    try {
      this.#root = await realPath(vfs, caller, bytesOf(this.#path))
      const early = this.#early
      this.#early = []
      this.#take(early)
    } catch (error) {
      this.#end(asVolumeError(error, { syscall: 'watch', path: textOf(this.#path) }))
    }
  }

  #next(): Promise<IteratorResult<Event>> {
    return this.#session.waiting(async () => {
      await this.#found
      for (;;) {
        const error = this.#error
        this.#error = undefined
        if (error !== undefined) throw error
        const value = this.#queue.shift()
        if (value) return { value, done: false }
        if (this.#isEnded) return { value: undefined, done: true }
        await new Promise<void>((wake) => {
          this.#wake = wake
        })
      }
    })
  }

  #end(error?: unknown): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#error = error
    if (error !== undefined) this.#queue.length = 0
    for (const stop of this.#stopListening) stop()
    this.#wake?.()
  }

  #take(changes: readonly LoggedChange[]): void {
    if (this.#root === undefined) {
      if (this.#early.length < this.#wishes.queueMax) this.#early.push(...changes)
      else this.#early = [{ kind: 'unknown', path: '/' }]
      return
    }
    for (const change of changes) {
      const event = eventOf(change, this.#root, this.#wishes)
      if (event) this.#add(event)
    }
    this.#wake?.()
  }

  /** An overflow is the last of the queue: whoever takes it looks for himself, so nothing behind it is missed. */
  #add(event: Event): void {
    const last = this.#queue.at(-1)
    if (last?.eventType === 'overflow') return
    if (last && isSame(last, event)) return
    const isFull = this.#queue.length >= this.#wishes.queueMax
    this.#queue.push(isFull ? { eventType: 'overflow', filename: null } : event)
  }
}

function eventOf(
  { kind, path }: LoggedChange,
  root: Name,
  { encoding, isRecursive }: Wishes,
): Event | undefined {
  if (kind === 'unknown') return { eventType: 'overflow', filename: null }
  const eventType = kind === 'name' ? 'rename' : 'change'
  const own = root === '/' ? null : named(root.slice(root.lastIndexOf('/') + 1), encoding)
  if (path === root) return { eventType, filename: own }
  const below = belowOf(root, path)
  if (below !== undefined) {
    if (!isRecursive && below.includes('/')) return undefined
    return { eventType, filename: named(below, encoding) }
  }
  // A directory above it went, moved, or came.
  const isAbove = kind === 'name' && belowOf(path, root) !== undefined
  return isAbove ? { eventType, filename: own } : undefined
}

function belowOf(directory: Name, path: Name): Name | undefined {
  const start = directory === '/' ? '/' : `${directory}/`
  return path.startsWith(start) && path !== start ? path.slice(start.length) : undefined
}

function isSame(a: Event, b: Event): boolean {
  if (a.eventType !== b.eventType || a.filename === null || b.filename === null) return false
  return Buffer.compare(Buffer.from(a.filename), Buffer.from(b.filename)) === 0
}
