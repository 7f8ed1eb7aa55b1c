// What a process keeps of one volume in its state folder: a copy of the volume where its store is somewhere
// else, and the journal of what was answered before it was committed. Several processes share the folder.

import path from 'node:path'
import type { Journals } from '../journal/journal.js'
import { openJournalFolder } from '../journal/journal-folder.js'
import { tryLock } from '../native/flock.js'
import type { Copies } from '../tables/copies.js'
import { type CopyFolderOptions, openCopyFolder } from '../tables/copy-folder.js'
import type { Uuid } from '../volume/record.js'

export interface StateLogger {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** What was loaded of a volume outlives the process: the next one reads the log since. */
export function openCopies(stateDir: string, volume: Uuid, logger: StateLogger): Copies {
  return openCopyFolder(folderOf(path.join(stateDir, 'replica'), volume, logger))
}

export function openJournals(stateDir: string, volume: Uuid, logger: StateLogger): Journals {
  return openJournalFolder(folderOf(path.join(stateDir, 'journal'), volume, logger))
}

/** Where unsaved bytes go that are too many for memory. */
export function spoolFolder(stateDir: string): string {
  return path.join(stateDir, 'spool')
}

/** What is kept of one volume below `parent`, and locked by the process that uses it. */
function folderOf(parent: string, volume: Uuid, logger: StateLogger): CopyFolderOptions {
  return {
    directory: path.join(parent, volume),
    volume,
    tryLock: (fd) => tryLock(fd, 'exclusive'),
    warn: (message, fields) => logger.warn(message, fields),
  }
}
