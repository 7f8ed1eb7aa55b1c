// `cassfs import`: a folder or an archive into an environment, without a mount.

import { createReadStream, statSync } from 'node:fs'
import { addAbortSignal, type Readable } from 'node:stream'
import type { WritableFolder } from '../../maintenance/transfer/folder.js'
import type { Transfer } from '../../maintenance/transfer/transfer.js'
import { asFsError, FsError } from '../../posix/errno.js'
import type { Vfs } from '../../vfs/vfs.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { withPlannedVolume } from '../transfer/planned-volume.js'
import { runTransfer, showPath } from '../transfer/run-transfer.js'
import { localPath, transferSettings } from '../transfer/transfer-settings.js'
import { bytesOf, showName } from '../ui/names.js'
import { UsageError } from '../usage-error.js'
import { onPath } from '../volume-access.js'

export async function run(
  context: CommandContext,
  [written = '', below = '/']: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const { values } = await context.config()
  const source = bytesOf(context.rawArgument(written))
  const destination = bytesOf(context.rawArgument(below))
  const isStream = written === '-'
  if (isStream && process.stdin.isTTY)
    throw new UsageError('import - reads an archive from standard input, which is a terminal')
  const isFolder = !isStream && isDirectory(context, source)
  const settings = transferSettings(options, destination)
  const run = { done: 'imported', options, settings }
  return runTransfer(context, run, (transfer) =>
    withPlannedVolume(values, { making: true, readOnly: false }, async (vfs) => {
      const target = await openDestination(vfs, destination, settings.dryRun)
      if (isFolder) return importFolder(context, source, target, transfer)
      const stream = isStream ? process.stdin : createReadStream(localPath(context, source))
      await importArchive(context, stream, target, transfer)
    }),
  )
}

function isDirectory(context: CommandContext, source: Buffer): boolean {
  try {
    return statSync(localPath(context, source)).isDirectory()
  } catch (error) {
    throw new FsError(asFsError(error).errno, `${showName(source)} cannot be read`, {
      cause: new FsError(asFsError(error).errno),
    })
  }
}

/** Undefined: it is not there, and nothing is to be made. */
async function openDestination(
  vfs: Vfs,
  destination: Buffer,
  dryRun: boolean,
): Promise<WritableFolder | undefined> {
  const { findInVolume, folderInVolume, makeFolderInVolume } = await import(
    '../../maintenance/transfer/volume-paths.js'
  )
  const below = destination.toString('latin1')
  return onPath(
    destination,
    async () => {
      if (!dryRun) return makeFolderInVolume(vfs, below)
      return (await findInVolume(vfs, below)) ? folderInVolume(vfs, below) : undefined
    },
    'used',
  )
}

async function importFolder(
  context: CommandContext,
  source: Buffer,
  target: WritableFolder | undefined,
  transfer: Transfer,
): Promise<void> {
  const { LocalFolder } = await import('../../maintenance/transfer/local-folder.js')
  const { copyTree } = await import('../../maintenance/transfer/copy-tree.js')
  const folder = LocalFolder.open(localPath(context, source), () => undefined)
  try {
    await copyTree(folder, target, transfer)
  } finally {
    folder.close()
  }
}

async function importArchive(
  context: CommandContext,
  stream: Readable,
  target: WritableFolder | undefined,
  transfer: Transfer,
): Promise<void> {
  const { expandArchive } = await import('../../maintenance/transfer/archive-stream.js')
  const { unpackArchive } = await import('../../maintenance/transfer/unpack-archive.js')
  // Who waits for input that does not come would not hear of the signal.
  addAbortSignal(transfer.options.signal, stream)
  try {
    await unpackArchive(await expandArchive(stream), target, transfer, {
      absoluteName: (name) =>
        context.warn(`the "/" in front of names is taken away, as of ${showPath(name)}`),
    })
  } catch (error) {
    transfer.checkSignal()
    throw error
  } finally {
    stream.destroy()
  }
}
