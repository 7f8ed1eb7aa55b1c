// Journals that could not be carried on whole stay where they are, as `<statedir>/journal/<volume>/<id>.damaged`
// (src/journal/journal-folder.ts): here they are looked at. They say nothing of owner and environment.

import { closeSync, openSync, readdirSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { JournalRecord } from '../journal/journal.js'
import { type JournalContents, readJournal } from '../journal/journal-file.js'
import type { Intent } from '../vfs/intents/intent.js'
import { isSave, readIntent } from '../vfs/journaled-intent.js'
import type { Hash } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import type { Uuid } from '../volume/record.js'
import type { FileBytes } from './file-bytes.js'
import { bytesOfSave } from './intent-bytes.js'
import type { RescueCount } from './rescue-files.js'
import { failingAs, namesIn } from './rescue-files.js'

const suffix = '.damaged'

export interface JournalAside {
  readonly id: string
  readonly volume: Uuid
  readonly path: string
  /** When it was last written to. */
  readonly time: Date
  readonly bytes: number
}

/** A save that stands in a journal. */
export interface JournaledSave {
  readonly number: number
  readonly ino: number
  /** Where the journal has the inode's making too. */
  readonly name: Name | undefined
  readonly bytes: Omit<FileBytes, 'read'>
}

export interface JournalSummary {
  readonly changes: number
  /** Of these, by what they are: `create`, `save`, ... */
  readonly kinds: Readonly<Record<string, number>>
  /** Why the rest cannot be read. */
  readonly damage: string | undefined
  readonly saves: readonly JournaledSave[]
}

/** Where the journals of a volume are. */
export function journalFolder(stateDir: string, volume: Uuid): string {
  return join(stateDir, 'journal', volume)
}

/** Throws FsError. */
export function listJournalsAside(folder: string): JournalAside[] {
  return namesIn(folder)
    .filter((name) => name.endsWith(suffix))
    .flatMap((name) => {
      const path = join(folder, name)
      const stats = statSync(path, { throwIfNoEntry: false })
      if (!stats) return []
      const [id, volume] = [name.slice(0, -suffix.length), basename(folder)]
      return [{ id, volume, path, time: stats.mtime, bytes: stats.size }]
    })
}

export function countJournalsAside(folder: string): RescueCount {
  const journals = listJournalsAside(folder)
  return { entries: journals.length, bytes: journals.reduce((sum, { bytes }) => sum + bytes, 0) }
}

/** What can be read of it. Throws FsError where its file cannot. */
export function readJournalAside({ path }: JournalAside): JournalSummary {
  const { records, damage } = readFile(path)
  const kinds: Record<string, number> = {}
  const saves: JournaledSave[] = []
  const names = new Map<number, Name>()
  const blocks = new Map<Hash, Uint8Array>()
  for (const [index, record] of records.entries()) {
    const intent = intentOf(record)
    if (typeof intent === 'string')
      return { changes: index, kinds, saves, damage: `change ${record.number}: ${intent}` }
    kinds[intent.kind] = (kinds[intent.kind] ?? 0) + 1
    if (intent.kind === 'create' || intent.kind === 'adopt') names.set(intent.ino, intent.name)
    if (!isSave(intent)) continue
    for (const { hash, plain } of intent.blocks) blocks.set(hash, plain)
    const bytes = bytesOfSave(intent, blocks)
    const { ino } = intent
    if (bytes) saves.push({ number: record.number, ino, name: names.get(ino), bytes })
  }
  return { changes: records.length, kinds, damage, saves }
}

/** Throws FsError. */
export function deleteJournalAside({ id, path }: JournalAside): void {
  failingAs(`${id} cannot be deleted`, () => rmSync(path, { force: true }))
}

function readFile(path: string): JournalContents {
  return failingAs(`the journal ${path} cannot be read`, () => {
    const fd = openSync(path, 'r')
    try {
      return readJournal(fd)
    } finally {
      closeSync(fd)
    }
  })
}

/** The change, or why it cannot be read. */
function intentOf({ intent, content }: JournalRecord): Intent | string {
  try {
    return readIntent(intent, content)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The volumes that have journals in a state folder. */
export function journaledVolumes(stateDir: string): Uuid[] {
  return failingAs('the journal folder cannot be read', () =>
    readFolders(join(stateDir, 'journal')),
  )
}

function readFolders(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((each) =>
    each.isDirectory() ? [each.name] : [],
  )
}
