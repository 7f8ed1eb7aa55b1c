// `cassfs rescue restore`: kept bytes become a file again, where they belong or elsewhere; never over a file
// that is there.

import { open, stat } from 'node:fs/promises'
import path from 'node:path'
import { Errno, FsError } from '../../posix/errno.js'
import { readJournalAside } from '../../rescue/journals-aside.js'
import type { ByteRange, RescueEntry } from '../../rescue/rescue-entry.js'
import { dataPath } from '../../rescue/rescue-files.js'
import { type FileFacts, partsOf, type ReadPart, restoreFile } from '../../rescue/restore.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { seeMounts } from '../mount-client.js'
import { findKept, type Kept, pickKept, selectRescued } from '../rescue-selection.js'
import { bytesOf, showName } from '../ui/names.js'
import { UsageError } from '../usage-error.js'
import { deleteKept } from './rescue-delete.js'

type KeptEntry = Extract<Kept, { kind: 'entry' }>
type KeptJournal = Extract<Kept, { kind: 'journal' }>

export async function run(
  context: CommandContext,
  ids: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const { to, below } = options
  if (typeof to === 'string' && typeof below === 'string')
    throw new UsageError('rescue restore takes --to or --below, not both')
  const kept = pickKept(findKept(await selectRescued(context, undefined)), ids)
  for (const each of kept) {
    const files = await restore(context, each, options)
    if (options.delete) deleteKept(each)
    for (const file of files) context.print(`${showName(file)}\n`)
  }
  return 0
}

/** Answers the files that were made. */
async function restore(context: CommandContext, kept: Kept, options: OwnOptions) {
  const { id } = kept
  if (kept.kind === 'unreadable')
    throw new FsError(Errno.EIO, `${id} cannot be read: ${kept.problem}`)
  if (kept.kind === 'journal') return restoreJournal(context, kept, options)
  if (kept.entry.kind === 'change') {
    const what = `${id} is a change of names or attributes, without bytes`
    throw new FsError(Errno.EINVAL, `${what}: what it was says cassfs rescue list --json`)
  }
  const target = await targetOf(context, kept, options)
  const file = await open(dataPath(kept.directory, id))
  try {
    const { size = 0, missing } = kept.entry
    await make(context, target, { size, missing, read: partsOf(file), facts: kept.entry })
  } finally {
    await file.close()
  }
  return [target]
}

interface Source {
  readonly size: number
  readonly missing: readonly ByteRange[] | undefined
  readonly read: ReadPart
  readonly facts: FileFacts
}

async function make(
  context: CommandContext,
  target: Buffer,
  { size, missing, read, facts }: Source,
): Promise<void> {
  const shown = showName(target)
  let refused: string[]
  try {
    refused = await restoreFile(target, size, read, facts)
  } catch (error) {
    if (!(error instanceof FsError)) throw error
    if (error.errno === Errno.EEXIST)
      throw new FsError(Errno.EEXIST, `${shown} exists already; restore elsewhere with --to`)
    throw new FsError(error.errno, `${shown} cannot be made`, { cause: error })
  }
  for (const one of refused) context.warn(`${shown} cannot be given its ${one}`)
  const ranges = missing?.map(({ start, end }) => `${start}-${end - 1}`) ?? []
  if (ranges.length > 0) context.warn(`${shown} has zeros for bytes not kept: ${ranges.join(', ')}`)
}

async function targetOf(
  context: CommandContext,
  { id, entry }: KeptEntry,
  { to, below }: OwnOptions,
): Promise<Buffer> {
  if (typeof to === 'string') return targetIn(context, to, lastName(entry) ?? Buffer.from(id))
  if (entry.path === undefined)
    throw new FsError(Errno.EINVAL, `where ${id} was is not known; restore it with --to`)
  const mountpoint =
    typeof below === 'string' ? path.resolve(context.cwd, below) : await mountOf(context, entry)
  return Buffer.concat([Buffer.from(mountpoint), Buffer.from(entry.path, 'latin1')])
}

function lastName({ path: where }: RescueEntry): Buffer | undefined {
  const name = where?.slice(where.lastIndexOf('/') + 1)
  return name ? Buffer.from(name, 'latin1') : undefined
}

/** `to` is a folder for it, or the file itself. */
async function targetIn(context: CommandContext, to: string, name: Buffer): Promise<Buffer> {
  const written = bytesOf(context.rawArgument(to))
  const isAbsolute = written[0] === '/'.charCodeAt(0)
  const full = isAbsolute ? written : Buffer.concat([Buffer.from(`${context.cwd}/`), written])
  return (await isFolder(full)) ? Buffer.concat([full, Buffer.from('/'), name]) : full
}

/** Where the entry's volume is mounted, and can be written: another store has environments of the same name. */
async function mountOf(
  context: CommandContext,
  { owner, environment, volume }: RescueEntry,
): Promise<string> {
  const mount = (await seeMounts(context)).find(
    ({ state, record, status }) =>
      state === 'running' &&
      record?.readOnly === false &&
      // <statedir>/rescue/<volume>
      path.basename(status?.rescue?.folder ?? '') === volume,
  )
  if (mount) return mount.mountpoint
  const what = `environment "${environment}" of owner "${owner}" is not mounted for writing`
  throw new FsError(Errno.ENOENT, `${what}; mount it, or restore elsewhere with --to`)
}

/** Each file whose bytes stand in the journal, as each save left it. */
async function restoreJournal(
  context: CommandContext,
  { id, journal }: KeptJournal,
  { to }: OwnOptions,
): Promise<Buffer[]> {
  const folder = typeof to === 'string' ? path.resolve(context.cwd, to) : undefined
  if (folder === undefined || !(await isFolder(folder)))
    throw new FsError(Errno.EINVAL, `${id} is a journal; restore its files with --to FOLDER`)
  const targets: Buffer[] = []
  for (const { number, ino, name, bytes } of readJournalAside(journal).saves) {
    const last = Buffer.from(`${number}-${name ?? `inode-${ino}`}`, 'latin1')
    const target = Buffer.concat([Buffer.from(`${folder}/`), last])
    const read: ReadPart = async (offset, length) => {
      const part = Buffer.alloc(length)
      for (const known of bytes.known) {
        const start = Math.max(offset, known.offset)
        const end = Math.min(offset + length, known.offset + known.length)
        if (start < end) part.set(known.copy(start, end - start), start - offset)
      }
      return part
    }
    await make(context, target, { size: bytes.size, missing: bytes.stored, read, facts: {} })
    targets.push(target)
  }
  return targets
}

async function isFolder(file: string | Buffer): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
