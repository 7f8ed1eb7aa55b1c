// Requests that the kernel delivers again to a process that serves a mount on for one that has ended. Those
// whose change stands in that process' journal, or in the log, are answered, and not done twice.

import type { AnsweredRequest, LogEntry } from '../volume/log-entry.js'
import type { Uuid } from '../volume/record.js'
import { type LoadContext, readLog } from './load.js'

/** So far back the log is read: what was done longer ago has been answered. */
const entriesMax = 10_000

export class Redelivered {
  readonly #mount: Uuid | undefined
  /** By FUSE's `unique`; each settles when the change is committed, or lost. */
  readonly #done = new Map<number, Promise<unknown>>()

  /** `mount`: whose requests may come again. Undefined: nobody's do. */
  constructor(mount: Uuid | undefined) {
    this.#mount = mount
  }

  /** The change for this request is in the volume, or will be when `committed` settles. */
  note(
    answers: AnsweredRequest | undefined,
    committed: Promise<unknown> = Promise.resolve(),
  ): void {
    if (answers && answers.mount === this.#mount) this.#done.set(answers.unique, committed)
  }

  noteEntry({ answers }: LogEntry): void {
    if (this.#mount === undefined) return
    for (const one of answers) this.note(one)
  }

  /** Notes what the log says up to `seq`. Rejects StoreUnavailable. */
  async noteLog(context: LoadContext, seq: number): Promise<void> {
    if (this.#mount === undefined) return
    for (let after = Math.max(0, seq - entriesMax); after < seq; ) {
      const entries = await readLog(context, after)
      for (const entry of entries) this.noteEntry(entry)
      after = entries.at(-1)?.seq ?? seq
    }
  }

  /** Settles when what the request asks for is done; undefined: it is still to be done. */
  find(answers: AnsweredRequest | undefined): Promise<unknown> | undefined {
    if (!answers || answers.mount !== this.#mount) return undefined
    return this.#done.get(answers.unique)
  }
}
