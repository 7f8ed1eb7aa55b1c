// The journal folder of one simulated machine: what a mount wrote is there when it is killed, and whoever
// opens the volume next on this machine takes it.

import type { DeadJournal, Journal, JournalRecord, Journals } from '../../src/journal/journal.js'
import type { Uuid } from '../../src/volume/record.js'

interface File {
  readonly id: Uuid
  records: JournalRecord[]
  /** False once the process that has it locked is gone. */
  isLocked: () => boolean
}

export class SimJournals {
  readonly #newUuid: () => Uuid
  #files: File[] = []

  constructor(newUuid: () => Uuid) {
    this.#newUuid = newUuid
  }

  /** For one process, which lives as long as `isAlive` says; `onAppend` is called behind each write. */
  open(isAlive: () => boolean, onAppend: () => void): Journals {
    return {
      create: () => this.#create(isAlive, onAppend),
      takeDead: () => {
        const dead = this.#files.filter((file) => !file.isLocked())
        return dead.map((file) => this.#take(file, isAlive))
      },
    }
  }

  /** Nothing that was answered is left in any journal. */
  get isEmpty(): boolean {
    return this.#files.every((file) => file.isLocked())
  }

  /** Whether a journal has a record of this intent. */
  holds(intent: Buffer): boolean {
    return this.#files.some(({ records }) => records.some((one) => intent.equals(one.intent)))
  }

  #create(isAlive: () => boolean, onAppend: () => void): Journal {
    let isOpen = true
    const file: File = { id: this.#newUuid(), records: [], isLocked: () => isOpen && isAlive() }
    this.#files.push(file)
    const check = (): void => {
      if (!file.isLocked()) throw new Error('the machine is gone')
    }
    return {
      id: file.id,
      get bytes() {
        return file.records.reduce((sum, one) => sum + one.intent.length + one.content.length, 0)
      },
      append(record) {
        check()
        const [intent, content] = [Buffer.from(record.intent), Buffer.concat(record.content)]
        file.records.push({ ...record, intent, content })
        onAppend()
      },
      clear() {
        check()
        file.records = []
      },
      close: (isEmpty) => {
        if (isEmpty && isAlive()) this.#remove(file)
        isOpen = false
      },
    }
  }

  #take(file: File, isAlive: () => boolean): DeadJournal {
    let isOpen = true
    file.isLocked = () => isOpen && isAlive()
    return {
      id: file.id,
      records: [...file.records],
      damage: undefined,
      remove: (_keepAside) => {
        if (isAlive()) this.#remove(file)
        isOpen = false
      },
      release() {
        isOpen = false
      },
    }
  }

  #remove(file: File): void {
    this.#files = this.#files.filter((other) => other !== file)
  }
}
