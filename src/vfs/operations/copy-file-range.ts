import { Errno, FsError } from '../../posix/errno.js'
import type { FileSystem } from '../file-system.js'
import type { Caller, Handle } from '../vfs.js'
import { read } from './read.js'
import { write } from './write.js'

/** At most so much a call: callers go on where a short copy ended. */
const copyBytesMax = 8 * 1024 * 1024

/**
 * copy_file_range(2). The bytes go through the spool; equal blocks have equal names, so what is copied
 * takes no room a second time. EBADF, EINVAL where the ranges overlap.
 */
export async function copyFileRange(
  fs: FileSystem,
  caller: Caller,
  from: Handle,
  fromOffset: number,
  to: Handle,
  toOffset: number,
  length: number,
): Promise<number> {
  const source = fs.handles.file(from)
  const target = fs.handles.file(to)
  if (!source.readable || !target.writable || target.appends) throw new FsError(Errno.EBADF)
  const size = Math.min(length, copyBytesMax)
  const apart = fromOffset + size <= toOffset || toOffset + size <= fromOffset
  if (source.ino === target.ino && !apart) throw new FsError(Errno.EINVAL)
  // FUSE_COPY_FILE_RANGE has no flag that asks for it, as writes have.
  const options = { append: false, killSuidgid: caller.uid !== 0 }
  let copied = 0
  for (const piece of await read(fs, caller, from, fromOffset, size)) {
    copied += await write(fs, caller, to, toOffset + copied, piece, options)
  }
  return copied
}
