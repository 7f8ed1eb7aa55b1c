// `cassfs rm`: files and folders of an environment, without a mount.

import type { Transfer } from '../../maintenance/transfer/transfer.js'
import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory } from '../../posix/mode.js'
import type { Vfs } from '../../vfs/vfs.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { withPlannedVolume } from '../transfer/planned-volume.js'
import { runTransfer } from '../transfer/run-transfer.js'
import { transferSettings } from '../transfer/transfer-settings.js'
import { bytesOf } from '../ui/names.js'

export async function run(
  context: CommandContext,
  written: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const { values } = await context.config()
  const paths = written.map((path) => bytesOf(context.rawArgument(path)).toString('latin1'))
  const settings = { ...transferSettings(options, Buffer.alloc(0)), keepGoing: true }
  const run = { done: 'removed', options, settings, isQuiet: true }
  return runTransfer(context, run, (transfer) =>
    withPlannedVolume(values, { making: false, readOnly: false }, async (vfs) => {
      for (const path of paths)
        await transfer.guard(path, () => remove(vfs, path, transfer, options))
    }),
  )
}

async function remove(
  vfs: Vfs,
  path: string,
  transfer: Transfer,
  options: OwnOptions,
): Promise<void> {
  const { folderInVolume, findInVolume, isVolumeRoot, splitPath } = await import(
    '../../maintenance/transfer/volume-paths.js'
  )
  const { removeContents, removeTree } = await import('../../maintenance/transfer/remove-tree.js')
  if (await isVolumeRoot(vfs, path)) {
    checkRoot(options)
    await removeContents(await folderInVolume(vfs, path), '', transfer)
    return
  }
  const { folder, name } = splitPath(path)
  if (options.force && !(await findInVolume(vfs, folder))) return
  const parent = await folderInVolume(vfs, folder)
  const entry = await parent.look(name)
  if (!entry && options.force) return
  if (!entry) throw new FsError(Errno.ENOENT)
  if (isDirectory(entry) && !options.recursive)
    throw new FsError(Errno.EISDIR, 'it is a folder; to remove it with all that is in it: -r')
  if (path.endsWith('/') && !isDirectory(entry)) throw new FsError(Errno.ENOTDIR)
  await removeTree(parent, name, path, transfer)
}

function checkRoot(options: OwnOptions): void {
  if (!options.recursive) throw new FsError(Errno.EISDIR, 'it is the root of the environment')
  if (options['no-preserve-root']) return
  const message =
    'it is the root of the environment; to remove everything in it, say --no-preserve-root too'
  throw new FsError(Errno.EPERM, message)
}
