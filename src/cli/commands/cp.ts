// `cassfs cp`: files and folders from this machine into an environment, out of it, or within it. A path in
// the environment has a colon in front: `:/site/index.php`. All attributes travel.

import { statSync } from 'node:fs'
import type { Folder, WritableFolder } from '../../maintenance/transfer/folder.js'
import type { Transfer } from '../../maintenance/transfer/transfer.js'
import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory } from '../../posix/mode.js'
import type { Vfs } from '../../vfs/vfs.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { createCopyRefusals, type Opened } from '../transfer/copy-refusals.js'
import { withPlannedVolume } from '../transfer/planned-volume.js'
import { runTransfer } from '../transfer/run-transfer.js'
import { localPath, transferSettings } from '../transfer/transfer-settings.js'
import { bytesOf } from '../ui/names.js'
import { UsageError } from '../usage-error.js'

interface Place {
  readonly side: 'volume' | 'local'
  /** Of this machine absolute. */
  readonly path: Buffer
}

export async function run(
  context: CommandContext,
  paths: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const places = paths.map((written) => placeOf(context, written))
  const destination = places.at(-1)
  const sources = places.slice(0, -1)
  if (!destination || sources.length === 0)
    throw new UsageError('cp needs what to copy, and where to')
  if (destination.side === 'local' && sources.some(({ side }) => side === 'local'))
    throw new UsageError(
      'cp copies into or out of the environment: a path there has a colon in front, as in :/site',
    )
  const { values } = await context.config()
  const settings = {
    ...transferSettings(options, Buffer.alloc(0)),
    compare: 'never',
    keepGoing: true,
    otherKinds: 'stay',
  } as const
  const run = { done: 'copied', options, settings, isQuiet: true }
  const readOnly = destination.side === 'local'
  return runTransfer(context, run, (transfer) =>
    withPlannedVolume(values, { making: !readOnly, readOnly }, async (vfs) => {
      const copier = await createCopier(vfs, transfer, options.recursive === true)
      for (const source of sources) await copier.copy(source, destination, sources.length > 1)
    }),
  )
}

function placeOf(context: CommandContext, written: string): Place {
  const path = bytesOf(context.rawArgument(written))
  if (written.startsWith(':')) return { side: 'volume', path: path.subarray(1) }
  return { side: 'local', path: localPath(context, path) }
}

/** How a place is looked at and opened. */
async function createOpener(vfs: Vfs, transfer: Transfer) {
  const { LocalFolder } = await import('../../maintenance/transfer/local-folder.js')
  const { findInVolume, folderInVolume, splitPath } = await import(
    '../../maintenance/transfer/volume-paths.js'
  )
  const refused = (count: number) => {
    transfer.counts.refusedAttributes += count
  }

  const isFolder = async ({ side, path: at }: Place) => {
    if (side === 'local') return statSync(at, { throwIfNoEntry: false })?.isDirectory() ?? false
    const inode = await findInVolume(vfs, at.toString('latin1'))
    return inode !== undefined && isDirectory(inode)
  }

  const openFolder = ({ side, path: at }: Place): Promise<WritableFolder> =>
    side === 'volume'
      ? folderInVolume(vfs, at.toString('latin1'))
      : Promise.resolve(LocalFolder.open(at, refused))

  /** The folder that a path's last name stands in; of `.`, `..` and a root the folder itself. */
  async function open(place: Place): Promise<Opened<WritableFolder>> {
    const isFolderAsked = place.path.at(-1) === 0x2f
    try {
      const { folder, name } = splitPath(place.path.toString('latin1'))
      const above = Buffer.from(folder === '' ? '/' : folder, 'latin1')
      return { folder: await openFolder({ ...place, path: above }), name, isFolderAsked }
    } catch (error) {
      if (!(error instanceof FsError && error.errno === Errno.EINVAL)) throw error
      return { folder: await openFolder(place), name: undefined, isFolderAsked }
    }
  }

  /** The file that a path leads to, by its number in the volume; undefined: none there. */
  async function findFile({ side, path: at }: Place): Promise<string | undefined> {
    if (side === 'local') return undefined
    try {
      const inode = await findInVolume(vfs, at.toString('latin1'))
      return inode && String(inode.ino)
    } catch (error) {
      // A link that leads nowhere is copied as it is.
      if (error instanceof FsError && [Errno.ELOOP, Errno.ENOTDIR].some((no) => no === error.errno))
        return undefined
      throw error
    }
  }

  return { isFolder, openFolder, open, findFile }
}

async function createCopier(vfs: Vfs, transfer: Transfer, isRecursive: boolean) {
  const { copyEntry, copyTree } = await import('../../maintenance/transfer/copy-tree.js')
  const { isFolder, openFolder, open, findFile } = await createOpener(vfs, transfer)
  const refuse = await createCopyRefusals(vfs)

  async function copyOne(source: Place, destination: Place, isOneOfMany: boolean): Promise<void> {
    const from = await open(source)
    const isInto = await isFolder(destination)
    if (!isInto && isOneOfMany) throw new FsError(Errno.ENOTDIR, 'the destination is no folder')
    const to: Opened<WritableFolder> = isInto
      ? { folder: await openFolder(destination), name: from.name, isFolderAsked: false }
      : await open(destination)
    try {
      if (isInto && from.name !== undefined) refuse.secondOf(from.name)
      const file = destination.side === 'volume' ? await findFile(source) : undefined
      if (file !== undefined) await refuse.target(file, from, to)
      await copyOpened(from, to)
    } finally {
      from.folder.close()
      to.folder.close()
    }
  }

  async function copyOpened(from: Opened<WritableFolder>, to: Opened<WritableFolder>) {
    const { name } = from
    if (name === undefined) {
      if (!isRecursive) throw new FsError(Errno.EISDIR, 'it is a folder; copy it with -r')
      await refuse.intoItself(from.folder, to.folder)
      return copyContents(from.folder, to)
    }
    const entry = await from.folder.look(name)
    if (!entry) throw new FsError(Errno.ENOENT)
    if (isDirectory(entry)) {
      if (!isRecursive) throw new FsError(Errno.EISDIR, 'it is a folder; copy it with -r')
      const source = await from.folder.enter(name)
      await refuse.intoItself(source, to.folder).finally(() => source.close())
    } else refuse.slash(from, to)
    await refuse.same(from, to)
    await copyEntry(from.folder, name, to.folder, to.name ?? name, transfer)
  }

  /** Into the folder itself, or into one that is made. */
  async function copyContents(from: Folder, { folder, name }: Opened<WritableFolder>) {
    if (name === undefined) return copyTree(from, folder, transfer)
    await folder.makeFolder(name)
    const made = await folder.enter(name)
    try {
      await copyTree(from, made, transfer)
    } finally {
      made.close()
    }
  }

  return {
    /** What goes wrong is told as the source's, and counted. */
    copy: (source: Place, destination: Place, isOneOfMany: boolean) =>
      transfer.guard(source.path.toString('latin1'), () =>
        copyOne(source, destination, isOneOfMany),
      ),
  }
}
