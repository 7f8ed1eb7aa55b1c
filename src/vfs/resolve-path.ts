// From a path to an inode, as the kernel walks for a mount: for callers without one (the library).

import { Errno, FsError } from '../posix/errno.js'
import { isDirectory, isSymlink } from '../posix/mode.js'
import { type Inode, rootIno } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import type { Caller, Vfs } from './vfs.js'

/** As Linux: links followed on one walk. */
const linksMax = 40
const pathBytesMax = 4096

/**
 * The inode at `path`, a byte string, always from the root of the volume (also with no slash in
 * front). A link at its end is followed unless `followLast` is false or a slash stands behind it
 * (POSIX 4.13). FsError ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EACCES.
 */
export async function resolvePath(
  vfs: Vfs,
  caller: Caller,
  path: Name,
  followLast: boolean,
): Promise<Inode> {
  if (path === '') throw new FsError(Errno.ENOENT)
  if (path.length >= pathBytesMax) throw new FsError(Errno.ENAMETOOLONG)
  let steps = split(path)
  const mustBeDirectory = path.endsWith('/')
  let at = await vfs.getattr(caller, rootIno)
  for (let links = 0; steps.length > 0; ) {
    const [name = '', ...rest] = steps
    const next = await vfs.lookup(caller, at.ino, name)
    if (!next) throw new FsError(Errno.ENOENT)
    steps = rest
    const last = rest.length === 0
    if (isSymlink(next) && (!last || followLast || mustBeDirectory)) {
      if (++links > linksMax) throw new FsError(Errno.ELOOP)
      const target = await vfs.readlink(caller, next.ino)
      steps = [...split(target), ...rest]
      if (target.startsWith('/')) at = await vfs.getattr(caller, rootIno)
    } else at = next
  }
  if (mustBeDirectory && !isDirectory(at)) throw new FsError(Errno.ENOTDIR)
  return at
}

function split(path: Name): Name[] {
  return path.split('/').filter((step) => step !== '')
}
