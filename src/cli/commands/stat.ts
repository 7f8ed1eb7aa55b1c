// `cassfs stat`: what is known of one file of an environment, without a mount.

import type { Volume, VolumeStats } from '../../index.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { factsOf } from '../ui/facts.js'
import { formatMode } from '../ui/format.js'
import { bytesOf, showName } from '../ui/names.js'
import { onPath, withVolume } from '../volume-access.js'

export async function run(
  context: CommandContext,
  [written = '']: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const { values } = await context.config()
  const path = bytesOf(context.rawArgument(written))
  const { stats, target } = await withVolume(values, (volume) =>
    onPath(path, () => look(volume, path)),
  )
  if (options.json) {
    const content = { path: showName(path), ...factsOf(stats), target }
    context.print(`${JSON.stringify(content, null, 2)}\n`)
  } else context.print(render(showName(path), stats, target))
  return 0
}

async function look(volume: Volume, path: Buffer) {
  const stats = await volume.lstat(path)
  const link = stats.isSymbolicLink() ? await volume.readlink(path, 'buffer') : undefined
  return { stats, target: link && showName(link) }
}

function render(path: string, stats: VolumeStats, target: string | undefined): string {
  const octal = (stats.mode & 0o7777).toString(8).padStart(4, '0')
  const lines: [string, string][] = [
    ['path', target === undefined ? path : `${path} -> ${target}`],
    ['mode', `${formatMode(stats.mode)} (${octal})`],
    ['size', `${stats.size} bytes`],
    ['owner', `${stats.uid}:${stats.gid}`],
    ['inode', String(stats.ino)],
    ['links', String(stats.nlink)],
    ['modified', new Date(stats.mtimeMs).toISOString()],
    ['changed', new Date(stats.ctimeMs).toISOString()],
    ['born', new Date(stats.birthtimeMs).toISOString()],
  ]
  return lines.map(([name, value]) => `${name.padEnd(9)} ${value}\n`).join('')
}
