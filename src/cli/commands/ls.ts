// `cassfs ls`: a folder of an environment, without a mount.

import type { Volume, VolumeStats } from '../../index.js'
import { FsError } from '../../posix/errno.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { factsOf } from '../ui/facts.js'
import { formatMode, formatTime } from '../ui/format.js'
import { bytesOf, isUtf8, showName } from '../ui/names.js'
import { renderTable } from '../ui/table.js'
import { onPath, withVolume } from '../volume-access.js'

interface Entry {
  readonly name: Buffer
  readonly stats: VolumeStats
  readonly target: Buffer | undefined
}

export async function run(
  context: CommandContext,
  [written = '/']: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const { values } = await context.config()
  const path = bytesOf(context.rawArgument(written))
  const entries = await withVolume(values, (volume) =>
    onPath(path, () => readEntries(volume, path)),
  )
  if (options.json) context.print(`${JSON.stringify(entries.map(asJson), null, 2)}\n`)
  else if (options.long) context.print(renderLong(entries))
  else context.print(entries.map(({ name }) => `${showName(name)}\n`).join(''))
  return 0
}

/** A file is listed itself, as ls does. */
async function readEntries(volume: Volume, path: Buffer): Promise<Entry[]> {
  if (!(await volume.stat(path)).isDirectory()) return [await readEntry(volume, path, path)]
  const found: Entry[] = []
  for (const name of await volume.readdir(path, 'buffer')) {
    const full = Buffer.concat([path, Buffer.from('/'), name])
    const entry = await readEntry(volume, full, name).catch(unlessGone)
    if (entry) found.push(entry)
  }
  return found
}

async function readEntry(volume: Volume, path: Buffer, name: Buffer): Promise<Entry> {
  const stats = await volume.lstat(path)
  const target = stats.isSymbolicLink() ? await volume.readlink(path, 'buffer') : undefined
  return { name, stats, target }
}

/** Somebody removed it since the names were read. */
function unlessGone(error: unknown): undefined {
  if (!(error instanceof FsError) || error.code !== 'ENOENT') throw error
}

function renderLong(entries: readonly Entry[]): string {
  if (entries.length === 0) return ''
  const rows = entries.map(({ name, stats, target }) => [
    formatMode(stats.mode),
    String(stats.nlink),
    String(stats.uid),
    String(stats.gid),
    String(stats.size),
    formatTime(new Date(stats.mtimeMs)),
    target === undefined ? showName(name) : `${showName(name)} -> ${showName(target)}`,
  ])
  return renderTable(['MODE', 'LINKS', 'USER', 'GROUP', 'SIZE', 'CHANGED', 'NAME'], rows)
}

/** A name that is not UTF-8 is shown escaped; its bytes are beside it in hexadecimal. */
function asJson({ name, stats, target }: Entry): Record<string, unknown> {
  return {
    ...(isUtf8(name)
      ? { name: name.toString() }
      : { name: showName(name), nameBytes: name.toString('hex') }),
    ...factsOf(stats),
    ...(target === undefined ? {} : { target: showName(target) }),
  }
}
