// Files with something unsaved that nobody asks to be saved: each is due after a time. They share one timer,
// because most are saved when they are closed, moments after they were written.

import type { Clock } from '../volume/clock.js'
import type { OpenFile } from './open-file.js'

/** Between two looks at who is due: where many wait, each look costs as many. */
const betweenMs = 50

export class SaveTimer {
  readonly #clock: Clock
  readonly #save: (file: OpenFile) => void
  /** When each is due. */
  readonly #waiting = new Map<OpenFile, number>()
  #firesAtMs = Number.POSITIVE_INFINITY
  #cancel: (() => void) | undefined

  /** `save` is called when a file is due, which then does not wait any more. */
  constructor(clock: Clock, save: (file: OpenFile) => void) {
    this.#clock = clock
    this.#save = save
  }

  /** Due in `ageMs`, or before where it is that already. */
  wait(file: OpenFile, ageMs: number): void {
    const dueMs = this.#clock.monotonicMs() + ageMs
    const before = this.#waiting.get(file)
    if (before !== undefined && before <= dueMs) return
    this.#waiting.set(file, dueMs)
    this.#arm(dueMs)
  }

  /** The timer stays: another file will wait soon. */
  forget(file: OpenFile): void {
    this.#waiting.delete(file)
  }

  #arm(dueMs: number): void {
    if (this.#firesAtMs <= dueMs) return
    this.#cancel?.()
    this.#firesAtMs = dueMs
    const inMs = Math.max(0, dueMs - this.#clock.monotonicMs())
    this.#cancel = this.#clock.setTimer(inMs, () => this.#fire())
  }

  #fire(): void {
    this.#firesAtMs = Number.POSITIVE_INFINITY
    this.#cancel = undefined
    const now = this.#clock.monotonicMs()
    let next = Number.POSITIVE_INFINITY
    const due: OpenFile[] = []
    for (const [file, dueMs] of this.#waiting)
      if (dueMs <= now) due.push(file)
      else next = Math.min(next, dueMs)
    for (const file of due) this.#waiting.delete(file)
    if (next < Number.POSITIVE_INFINITY) this.#arm(Math.max(next, now + betweenMs))
    for (const file of due) this.#save(file)
  }
}
