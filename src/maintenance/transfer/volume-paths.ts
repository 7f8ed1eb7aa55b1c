// From paths in a volume, as users write them, to its folders.

import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory } from '../../posix/mode.js'
import { resolvePath } from '../../vfs/resolve-path.js'
import type { Vfs } from '../../vfs/vfs.js'
import { type Inode, rootIno } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import type { Folder } from './folder.js'
import { transferCaller, VolumeFolder } from './volume-folder.js'

/** What a path leads to, links followed, the last one where asked; undefined: nothing. ENOTDIR, ELOOP, ENAMETOOLONG. */
export async function findInVolume(
  vfs: Vfs,
  path: Name,
  followLast = true,
): Promise<Inode | undefined> {
  try {
    return await resolvePath(vfs, transferCaller, path === '' ? '/' : path, followLast)
  } catch (error) {
    if (error instanceof FsError && error.errno === Errno.ENOENT) return undefined
    throw error
  }
}

/** ENOENT, ENOTDIR, and what the walk meets. */
export async function folderInVolume(vfs: Vfs, path: Name): Promise<VolumeFolder> {
  const inode = await findInVolume(vfs, path)
  if (!inode) throw new FsError(Errno.ENOENT)
  if (!isDirectory(inode)) throw new FsError(Errno.ENOTDIR)
  return new VolumeFolder(vfs, inode.ino)
}

/** The folder at `path`, made with all above it where it is absent, as the user's of this process. */
export async function makeFolderInVolume(vfs: Vfs, path: Name): Promise<VolumeFolder> {
  const present = await findInVolume(vfs, path)
  if (present) return folderInVolume(vfs, path)
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0]
  const { folder, name } = splitPath(path)
  const parent = await makeFolderInVolume(vfs, folder)
  const inode = await vfs.mkdir({ ...transferCaller, uid, gid }, parent.ino, name, 0o755)
  return new VolumeFolder(vfs, inode.ino)
}

/** The last name of a path, and the path of the folder that it stands in. EINVAL for `.`, `..` and the root. */
export function splitPath(path: Name): { readonly folder: Name; readonly name: Name } {
  const whole = path.replace(/\/+$/, '')
  const slash = whole.lastIndexOf('/')
  const name = whole.slice(slash + 1)
  if (name === '' || name === '.' || name === '..')
    throw new FsError(Errno.EINVAL, 'it ends in no name')
  return { folder: slash < 0 ? '' : whole.slice(0, slash), name }
}

/** Whether a path names the root of the volume itself: a link that leads there, with a slash behind it or none, does not. */
export async function isVolumeRoot(vfs: Vfs, path: Name): Promise<boolean> {
  return (await findInVolume(vfs, path.replace(/\/+$/, ''), false))?.ino === rootIno
}

/** Whether one folder is another, or below it; those of this machine are in no volume. */
export async function isBelow(vfs: Vfs, inner: Folder, outer: Folder): Promise<boolean> {
  if (!(inner instanceof VolumeFolder && outer instanceof VolumeFolder)) return false
  for (let at = inner.ino; ; ) {
    if (at === outer.ino) return true
    if (at === rootIno) return false
    const parent = await vfs.lookup(transferCaller, at, '..')
    // Removed meanwhile: below nothing.
    if (!parent || parent.ino === at) return false
    at = parent.ino
  }
}
