// The journals of a volume on this machine: can they be read, and what of them is not in the volume yet. One
// that its process still writes to may be caught half-way: it is damaged only if it stays so. They are not
// locked: a mount that begins now would take one that is for that of a living process.

import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashOf } from '../../content/block-codec.js'
import type { JournalRecord } from '../../journal/journal.js'
import { type JournalContents, readJournal } from '../../journal/journal-file.js'
import { isSave, readIntent } from '../../vfs/journaled-intent.js'
import { FormatError } from '../../volume/format-error.js'
import { decodeJournalNumber } from '../../volume/journal-number.js'
import type { Uuid } from '../../volume/record.js'
import type { Report } from './finding.js'
import type { VolumeTree } from './volume-tree.js'

const namePattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const asideSuffix = '.damaged'
/** Readings of a journal in use, and between them. */
const readingsMax = 40
const readAgainMs = 50

/** Tells of records of journals in the volume that cannot be read; the numbers of the others. */
export function committedNumbers(tree: VolumeTree, report: Report): Map<string, number> {
  const numbers = new Map<string, number>()
  for (const { journal, value } of tree.journals())
    try {
      numbers.set(journal, decodeJournalNumber(value))
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      report.finding({
        check: 'record',
        message: `the record of journal ${journal}: ${error.message}`,
      })
    }
  return numbers
}

/** `directory`: of this volume's journals, which may not be there. Throws where it cannot be read. */
export async function checkJournals(
  directory: string,
  volume: Uuid,
  committed: ReadonlyMap<string, number>,
  report: Report,
): Promise<void> {
  for (const name of namesIn(directory)) {
    const path = join(directory, name)
    if (name.endsWith(asideSuffix))
      report.note(`${path} was set aside by an earlier mount; see: cassfs rescue list`)
    if (!namePattern.test(name)) continue
    const contents = await readSteadily(path, report)
    if (!contents) continue
    if (contents.damage)
      report.finding({ check: 'journal', message: `${path}: ${contents.damage}` })
    const { header } = contents
    if (!header) continue
    if (header.volume !== volume || header.journal !== name)
      report.finding({
        check: 'journal',
        message: `${path}: it is journal ${header.journal} of volume ${header.volume}`,
      })
    else checkRecords(path, contents.records, committed.get(name) ?? 0, report)
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Undefined: it is gone, as everything in it is committed; or it never stood still, which is told. */
async function readSteadily(path: string, report: Report): Promise<JournalContents | undefined> {
  let before: Reading | undefined
  for (let reading = 0; reading < readingsMax; reading++) {
    const read = readOnce(path)
    if (!read?.contents.damage) return read?.contents
    const isSame = before?.contents.damage === read.contents.damage
    if (isSame && before?.writtenMs === read.writtenMs) return read.contents
    before = read
    await sleep(readAgainMs)
  }
  report.note(`${path} is written to too fast to be read: check again when its mount is quiet`)
  return undefined
}

interface Reading {
  readonly contents: JournalContents
  readonly writtenMs: number
}

function readOnce(path: string): Reading | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { mtimeMs: writtenMs } = fstatSync(fd)
    return { contents: readJournal(fd), writtenMs }
  } catch (error) {
    const damage = error instanceof Error ? error.message : String(error)
    return { contents: { header: undefined, records: [], damage }, writtenMs: 0 }
  } finally {
    closeSync(fd)
  }
}

function checkRecords(
  path: string,
  records: readonly JournalRecord[],
  committed: number,
  report: Report,
): void {
  const waiting = records.filter(({ number }) => number > committed)
  for (const record of waiting) {
    const damage = damageOf(record)
    if (damage)
      report.finding({ check: 'journal', message: `${path}: change ${record.number}: ${damage}` })
  }
  const { length } = waiting
  if (length === 0) return
  const changes = `${length} ${length === 1 ? 'change' : 'changes'} of ${path}`
  const then = 'its mount stores them, or the next one on this machine'
  report.note(`${changes} not in the volume yet: ${then}`)
}

function damageOf({ intent: bytes, content }: JournalRecord): string | undefined {
  try {
    const intent = readIntent(bytes, content)
    if (!isSave(intent)) return undefined
    const other = intent.blocks.find(
      ({ hash, plain, refs }) => hashOf(plain, refs ? 'manifest' : 'data') !== hash,
    )
    return other && `block ${other.hash} holds other bytes`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
