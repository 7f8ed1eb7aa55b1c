// What the options and paths of import, export, cp and rm mean for a transfer.

import path from 'node:path'
import { pathBytesMax } from '../../maintenance/transfer/entry.js'
import type { TransferOptions } from '../../maintenance/transfer/transfer.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'

/** `destination`: the path that everything gets below, which counts for how long a path may be. */
export function transferSettings(
  options: OwnOptions,
  destination: Buffer,
): Omit<TransferOptions, 'signal'> {
  return {
    compare: options.checksum ? 'bytes' : 'times',
    delete: options.delete === true,
    dryRun: options['dry-run'] === true,
    keepGoing: options['keep-going'] === true,
    pathBytesMax: pathBytesMax - destination.length - 1,
  }
}

/** A path of this machine, absolute; its bytes as they were written. */
export function localPath({ cwd }: CommandContext, written: Buffer): Buffer {
  if (written[0] === 0x2f) return written
  return Buffer.concat([Buffer.from(`${path.resolve(cwd)}/`), written])
}
