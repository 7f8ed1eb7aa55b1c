import { seekThrough } from '../../content/overlay.js'
import { Errno, FsError } from '../../posix/errno.js'
import { interruptible, then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import { type Awaitable, type Caller, type Handle, Seek } from '../vfs.js'

/** SEEK_DATA, SEEK_HOLE. ENXIO at or behind the end, and where no data follow. */
export function lseek(
  fs: FileSystem,
  caller: Caller,
  id: Handle,
  offset: number,
  whence: number,
): Awaitable<number> {
  const { file } = fs.handles.file(id)
  if (whence !== Seek.data && whence !== Seek.hole) throw new FsError(Errno.EINVAL)
  if (offset < 0) throw new FsError(Errno.ENXIO)
  const what = whence === Seek.data ? 'data' : 'hole'
  const found = seekThrough(fs.content, file.spool, fs.storedInode(file.ino), offset, what)
  return then(interruptible(found, caller), (at) => {
    if (at === undefined) throw new FsError(Errno.ENXIO)
    return at
  })
}
