// The journals of one volume in a folder: one file for each process, named by the journal's id and locked
// (flock) for as long as the process lives. A lock that can be had belongs to a process that has ended.

import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { bootId } from '../tables/boot-id.js'
import { makeLastingFolder, syncFolder } from '../tables/lasting-folder.js'
import type { Uuid } from '../volume/record.js'
import { newUuid } from '../volume/uuid.js'
import type { DeadJournal, Journal, Journals, NewRecord } from './journal.js'
import { appendRecord, clearRecords, readJournal, type Tail, writeHeader } from './journal-file.js'

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.new)?$/

const newerJournal =
  'what is changed from now on may be in the way of a journal that waits for the newer CassFS that wrote it: ' +
  'mount with that'

export interface JournalFolderOptions {
  /** Made if it is not there. Each volume needs its own. */
  readonly directory: string
  readonly volume: Uuid
  /** Locks an open file until it is closed; false where another process has it. */
  readonly tryLock: (fd: number) => boolean
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
}

export function openJournalFolder(options: JournalFolderOptions): Journals {
  const { directory } = options
  return {
    create: () => createJournal(options),
    takeDead() {
      makeLastingFolder(directory)
      const dead: DeadJournal[] = []
      for (const name of readdirSync(directory).sort()) {
        const journal = idPattern.test(name) ? tryDead(options, name) : undefined
        if (journal) dead.push(journal)
      }
      return dead
    },
  }
}

function createJournal({ directory, volume, tryLock }: JournalFolderOptions): Journal {
  makeLastingFolder(directory)
  const id = newUuid()
  const path = join(directory, id)
  const fd = openSync(`${path}.new`, 'wx+', 0o600)
  let start: Tail
  try {
    // Under its own name only once it is locked: else it would look like one of a dead process.
    if (!tryLock(fd)) throw new Error(`the journal ${id} is locked by somebody else`)
    start = writeHeader(fd, { volume, journal: id, boot: bootId() })
    // After a power cut too it tells that its process has ended: else the next one would wait for the lease.
    fdatasyncSync(fd)
    renameSync(`${path}.new`, path)
    syncFolder(directory)
  } catch (error) {
    closeSync(fd)
    for (const each of [path, `${path}.new`]) rmSync(each, { force: true })
    throw error
  }
  return new JournalOnDisk(id, path, fd, start)
}

class JournalOnDisk implements Journal {
  readonly id: Uuid
  readonly #path: string
  readonly #fd: number
  readonly #start: Tail
  #tail: Tail

  constructor(id: Uuid, path: string, fd: number, start: Tail) {
    this.id = id
    this.#path = path
    this.#fd = fd
    this.#start = start
    this.#tail = start
  }

  get bytes(): number {
    return this.#tail.at
  }

  append(record: NewRecord): void {
    this.#tail = appendRecord(this.#fd, this.#tail, record)
  }

  clear(forGood: boolean): void {
    clearRecords(this.#fd, forGood)
    this.#tail = this.#start
  }

  close(isEmpty: boolean): void {
    if (isEmpty) rmSync(this.#path, { force: true })
    closeSync(this.#fd)
  }
}

/** One that cannot be had must not keep the others from being carried on. */
function tryDead(options: JournalFolderOptions, name: string): DeadJournal | undefined {
  try {
    return takeDead(options, name)
  } catch (error) {
    options.warn('a journal cannot be carried on', { directory: options.directory, name, error })
    return undefined
  }
}

/** Undefined where its process lives, or somebody else was faster. */
function takeDead(options: JournalFolderOptions, name: string): DeadJournal | undefined {
  const { directory, tryLock, warn } = options
  const path = join(directory, name)
  const fd = openIfThere(path)
  if (fd === undefined) return undefined
  let kept: DeadJournal | undefined
  try {
    if (!tryLock(fd) || !isStill(path, fd)) return undefined
    const { header, records, damage, isNewer } = readJournal(fd)
    if (isNewer) warn(newerJournal, { path, damage })
    else if (header && header.volume === options.volume && header.journal === name)
      kept = deadJournal(directory, path, fd, { id: name, records, damage })
    // It ended before it began, or is no journal of this volume: nothing was ever answered by it.
    else if (damage || header) {
      const what = 'a file in the journal folder is no journal of this volume: it is kept aside'
      warn(what, damage ? { path, damage } : { path })
      renameSync(path, `${path}.damaged`)
    } else rmSync(path, { force: true })
    return kept
  } finally {
    if (!kept) closeSync(fd)
  }
}

function deadJournal(
  directory: string,
  path: string,
  fd: number,
  contents: Pick<DeadJournal, 'id' | 'records' | 'damage'>,
): DeadJournal {
  return {
    ...contents,
    remove(keepAside) {
      if (keepAside || contents.damage) renameSync(path, `${path}.damaged`)
      else rmSync(path, { force: true })
      syncFolder(directory)
      closeSync(fd)
    },
    release: () => closeSync(fd),
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whoever had the lock may have removed the file just before. */
function isStill(path: string, fd: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false })
  return there?.ino === fstatSync(fd).ino
}
