// `cassfs rescue list`: what could not be stored and is kept.

import { readJournalAside } from '../../rescue/journals-aside.js'
import type { RescueEntry } from '../../rescue/rescue-entry.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { findKept, type Kept, selectRescued } from '../rescue-selection.js'
import { formatBytes, formatTime } from '../ui/format.js'
import { isUtf8, showName } from '../ui/names.js'
import { renderTable } from '../ui/table.js'

export async function run(
  context: CommandContext,
  [folder]: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const kept = findKept(await selectRescued(context, folder))
  if (options.json) context.print(`${JSON.stringify(kept.map(asJson), null, 2)}\n`)
  else if (kept.length === 0) context.print('nothing is kept: all that was written is stored\n')
  else context.print(render(kept))
  return 0
}

const show = (name: string) => showName(Buffer.from(name, 'latin1'))

function render(kept: readonly Kept[]): string {
  const head = ['ID', 'TIME', 'OWNER/ENVIRONMENT', 'WHAT', 'PATH', 'SIZE', 'WHY']
  return renderTable(head, kept.map(row))
}

function row(kept: Kept): string[] {
  const { id, bytes } = kept
  if (kept.kind === 'unreadable')
    return [id, '-', '-', 'unreadable', '-', formatBytes(bytes), escaped(kept.problem)]
  if (kept.kind === 'journal') {
    const { changes, saves, damage } = readJournalAside(kept.journal)
    const readable = `${changes} changes can be read, ${saves.length} of them with bytes`
    const why = damage === undefined ? readable : `${readable}; then ${escaped(damage)}`
    return [id, formatTime(kept.journal.time), '-', 'journal', '-', formatBytes(bytes), why]
  }
  const { entry } = kept
  const { time, owner, environment, why } = entry
  return [
    id,
    formatTime(new Date(time)),
    `${owner}/${environment}`,
    whatOf(entry),
    pathOf(entry),
    entry.kind === 'file' && entry.size !== undefined ? formatBytes(entry.size) : '-',
    escaped(why.message),
  ]
}

function whatOf({ kind, missing, change }: RescueEntry): string {
  if (kind === 'file') return missing ? 'parts of a file' : 'file'
  return typeof change?.kind === 'string' ? escaped(change.kind) : 'change'
}

function pathOf({ path, newPath, ino }: RescueEntry): string {
  if (path === undefined) return ino === undefined ? '-' : `inode ${ino}`
  return newPath === undefined ? show(path) : `${show(path)} -> ${show(newPath)}`
}

/** Messages may quote names. */
function escaped(text: string): string {
  return showName(Buffer.from(text))
}

function asJson(kept: Kept): Record<string, unknown> {
  const { id, volume, bytes } = kept
  const place = { id, volume, storedBytes: bytes }
  if (kept.kind === 'unreadable') return { ...place, kind: 'unreadable', problem: kept.problem }
  if (kept.kind === 'journal') {
    const { changes, kinds, saves, damage } = readJournalAside(kept.journal)
    const { path, time } = kept.journal
    const counts = { changes, kinds, files: saves.length, damage }
    return { ...place, kind: 'journal', file: path, time: time.toISOString(), ...counts }
  }
  const { version: _, path, newPath, mode, ...entry } = kept.entry
  return {
    ...place,
    ...entry,
    ...(mode === undefined ? {} : { mode: (mode & 0o7777).toString(8).padStart(4, '0') }),
    ...namedBytes('path', path),
    ...namedBytes('newPath', newPath),
  }
}

/** A name that is not UTF-8 is shown escaped; its bytes are beside it in hexadecimal. */
function namedBytes(key: string, name: string | undefined): Record<string, string> {
  if (name === undefined) return {}
  const bytes = Buffer.from(name, 'latin1')
  if (isUtf8(bytes)) return { [key]: bytes.toString() }
  return { [key]: showName(bytes), [`${key}Bytes`]: bytes.toString('hex') }
}
