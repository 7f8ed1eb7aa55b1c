import { Errno, FsError } from '../../posix/errno.js'
import type { FileSystem } from '../file-system.js'
import { fileBytesMax } from '../limits.js'
import { type Caller, FallocateMode, type Handle } from '../vfs.js'
import { modeDropped, modified } from './write.js'

const { keepSize, punchHole, zeroRange } = FallocateMode

/**
 * fallocate(2): plain, KEEP_SIZE, PUNCH_HOLE and ZERO_RANGE. Room is not reserved (nothing could promise
 * it), so a plain one only sets the size. Times move whatever it changes, as on local disks. Other modes:
 * EOPNOTSUPP, also by the kernel, which sends no FUSE server COLLAPSE_RANGE or INSERT_RANGE.
 */
export function fallocate(
  fs: FileSystem,
  caller: Caller,
  id: Handle,
  mode: number,
  offset: number,
  length: number,
): void {
  const { file, writable } = fs.handles.file(id)
  if (offset < 0 || length <= 0) throw new FsError(Errno.EINVAL)
  checkMode(mode)
  if (!writable) throw new FsError(Errno.EBADF)
  const end = offset + length
  if (end > fileBytesMax) throw new FsError(Errno.EFBIG)
  fs.checkSavable(file.ino)
  const stored = fs.storedInode(file.ino)
  const spool = file.writable()
  const size = spool.size(stored.size)
  if ((mode & keepSize) === 0 && end > size) spool.allocate(end)
  if (mode & (punchHole | zeroRange)) spool.punch(offset, end, stored.size)
  // FUSE_FALLOCATE has no flag that asks for it, as writes have.
  const drops = modeDropped(fs, caller, file, caller.uid !== 0)
  modified(fs, file, stored, drops)
}

function checkMode(mode: number): void {
  const known = keepSize | punchHole | zeroRange
  const punches = (mode & punchHole) !== 0
  const both = punches && (mode & zeroRange) !== 0
  if ((mode & ~known) !== 0 || both || (punches && (mode & keepSize) === 0))
    throw new FsError(Errno.EOPNOTSUPP)
}
