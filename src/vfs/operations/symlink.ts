import { Errno, FsError } from '../../posix/errno.js'
import { S_IFLNK } from '../../posix/mode.js'
import type { Inode } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import { then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import { targetBytesMax } from '../limits.js'
import type { Awaitable, Caller } from '../vfs.js'
import { make } from './make.js'

/** ENOENT for an empty target, ENAMETOOLONG. */
export function symlink(
  fs: FileSystem,
  caller: Caller,
  parent: number,
  name: Name,
  target: Name,
): Awaitable<Inode> {
  if (target === '') throw new FsError(Errno.ENOENT)
  if (target.length > targetBytesMax) throw new FsError(Errno.ENAMETOOLONG)
  const making = { parent, name, mode: S_IFLNK | 0o777, target }
  return then(make(fs, caller, making), ({ inode }) => inode)
}
