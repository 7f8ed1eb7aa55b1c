import { Errno, FsError } from '../../posix/errno.js'
import { then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import { fileBytesMax } from '../limits.js'
import { type Awaitable, type Caller, FallocateMode, type Handle } from '../vfs.js'
import { setattr } from './setattr.js'
import { modeDropped, modified } from './write.js'

const { keepSize, punchHole, zeroRange } = FallocateMode

/**
 * fallocate(2): plain, KEEP_SIZE, PUNCH_HOLE and ZERO_RANGE. Room is not reserved (nothing could promise
 * it), so a plain one only sets the size. Other modes: EOPNOTSUPP.
 */
export function fallocate(
  fs: FileSystem,
  caller: Caller,
  id: Handle,
  mode: number,
  offset: number,
  length: number,
): Awaitable<void> {
  const { file, writable } = fs.handles.file(id)
  if (offset < 0 || length <= 0) throw new FsError(Errno.EINVAL)
  checkMode(mode)
  if (!writable) throw new FsError(Errno.EBADF)
  const end = offset + length
  if (end > fileBytesMax) throw new FsError(Errno.EFBIG)
  fs.checkSavable(file.ino)
  const stored = fs.storedInode(file.ino)
  const spool = file.writable()
  if ((mode & keepSize) === 0) spool.allocate(end)
  if (mode & (punchHole | zeroRange)) spool.punch(offset, end, stored.size)
  // FUSE_FALLOCATE has no flag that asks for it, as writes have.
  const drops = caller.uid !== 0
  if (spool.dirty) return modified(fs, file, stored, modeDropped(fs, caller, file, drops))
  // As Linux has it the file was modified all the same; who has it open for writing may do that.
  const changes = { mtime: 'now', killSuidgid: drops } as const
  return then(setattr(fs, { ...caller, uid: 0 }, file.ino, changes), () => undefined)
}

function checkMode(mode: number): void {
  const known = keepSize | punchHole | zeroRange
  const punches = (mode & punchHole) !== 0
  const both = punches && (mode & zeroRange) !== 0
  if ((mode & ~known) !== 0 || both || (punches && (mode & keepSize) === 0))
    throw new FsError(Errno.EOPNOTSUPP)
}
