import { readThrough } from '../../content/overlay.js'
import { Errno, FsError } from '../../posix/errno.js'
import { interruptible } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import type { Awaitable, Caller, Handle } from '../vfs.js'

/** What is unsaved first, then what is stored. EBADF, EIO; EINTR only while something is fetched. */
export function read(
  fs: FileSystem,
  caller: Caller,
  id: Handle,
  offset: number,
  size: number,
): Awaitable<readonly Buffer[]> {
  const handle = fs.handles.file(id)
  if (!handle.readable) throw new FsError(Errno.EBADF)
  if (offset < 0) throw new FsError(Errno.EINVAL)
  const { file } = handle
  const stored = fs.storedInode(file.ino)
  const aheadBytes = handle.aheadBytes(offset, size, stored.size)
  const bytes = readThrough(fs.content, file.spool, stored, offset, size, { aheadBytes })
  return interruptible(bytes, caller)
}
