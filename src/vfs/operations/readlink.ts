import { Errno, FsError } from '../../posix/errno.js'
import { isSymlink } from '../../posix/mode.js'
import type { Name } from '../../volume/name.js'
import type { FileSystem } from '../file-system.js'
import type { Caller } from '../vfs.js'

/** EINVAL for anything but a symbolic link. */
export function readlink(fs: FileSystem, _caller: Caller, ino: number): Name {
  const inode = fs.inode(ino)
  if (!isSymlink(inode)) throw new FsError(Errno.EINVAL)
  return inode.target
}
