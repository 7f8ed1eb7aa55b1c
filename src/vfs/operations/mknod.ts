import { Errno, FsError } from '../../posix/errno.js'
import { isNode, permissionBits, S_IFBLK, S_IFCHR, S_IFMT, S_IFREG } from '../../posix/mode.js'
import type { Inode } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import { then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import type { Awaitable, Caller } from '../vfs.js'
import { make } from './make.js'

/** Files, fifos, sockets and (root only) devices. EPERM, EINVAL. */
export function mknod(
  fs: FileSystem,
  caller: Caller,
  parent: number,
  name: Name,
  mode: number,
  rdev: number,
): Awaitable<Inode> {
  const type = mode & S_IFMT || S_IFREG
  if (!isNode(type)) throw new FsError(Errno.EINVAL)
  const device = type === S_IFCHR || type === S_IFBLK
  if (device && fs.options.checkPermissions && caller.uid !== 0) throw new FsError(Errno.EPERM)
  const making = {
    parent,
    name,
    mode: type | (mode & permissionBits),
    rdev: device ? rdev : 0,
  }
  return then(make(fs, caller, making), ({ inode }) => inode)
}
