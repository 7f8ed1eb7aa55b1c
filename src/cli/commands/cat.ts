// `cassfs cat`: the content of files of an environment, without a mount.

import { once } from 'node:events'
import type { Volume } from '../../index.js'
import type { CommandContext } from '../command-spec.js'
import { bytesOf } from '../ui/names.js'
import { onPath, withVolume } from '../volume-access.js'

export async function run(context: CommandContext, paths: readonly string[]): Promise<number> {
  const { values } = await context.config()
  await withVolume(values, async (volume) => {
    for (const written of paths) {
      const path = bytesOf(context.rawArgument(written))
      await onPath(path, () => copyOut(volume, path))
    }
  })
  return 0
}

async function copyOut(volume: Volume, path: Buffer): Promise<void> {
  for await (const part of volume.createReadStream(path)) {
    if (!process.stdout.write(part)) await once(process.stdout, 'drain')
  }
}
