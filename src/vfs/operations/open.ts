import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory, isRegular, isSymlink } from '../../posix/mode.js'
import { O_TRUNC, opensForReading, opensForWriting } from '../../posix/open-flags.js'
import { checkAllows, MAY_READ, MAY_WRITE } from '../../posix/permission.js'
import type { Inode } from '../../volume/inode.js'
import type { FileSystem } from '../file-system.js'
import type { FileHandle } from '../handles.js'
import { accessAcl } from '../intents/checks.js'
import type { Awaitable, Caller, Handle } from '../vfs.js'
import { modeDropped, modified } from './write.js'

/** A regular file. O_TRUNC is done along; ESTALE: a name of it leads elsewhere now, look it up again. */
export function open(
  fs: FileSystem,
  caller: Caller,
  ino: number,
  flags: number,
): Awaitable<Handle> {
  if (!fs.options.pollAtOpen) return openNow(fs, caller, ino, flags)
  // Which of its names was opened is not known here; a copy, because the poll changes the list.
  const names = [...fs.replica.names(ino)]
  return fs.replica.pollAnswered().then(() => {
    const isMoved = names.some(({ parent, name }) => fs.replica.lookup(parent, name)?.ino !== ino)
    if (isMoved) throw new FsError(Errno.ESTALE)
    return openNow(fs, caller, ino, flags)
  })
}

function openNow(fs: FileSystem, caller: Caller, ino: number, flags: number): Handle {
  const inode = fs.inode(ino)
  if (isDirectory(inode)) throw new FsError(Errno.EISDIR)
  if (isSymlink(inode)) throw new FsError(Errno.ELOOP)
  if (!isRegular(inode)) throw new FsError(Errno.ENXIO)
  if (opensForWriting(flags) || flags & O_TRUNC) fs.checkWritable()
  if (fs.options.checkPermissions) checkMayOpen(caller, inode, flags)
  return openHandle(fs, caller, ino, flags).id
}

/** EACCES. */
export function checkMayOpen(caller: Caller, inode: Inode, flags: number): void {
  const read = opensForReading(flags) ? MAY_READ : 0
  const write = opensForWriting(flags) || flags & O_TRUNC ? MAY_WRITE : 0
  checkAllows(caller, inode, read | write, accessAcl(inode))
}

/** Whatever was to be checked has been. */
export function openHandle(fs: FileSystem, caller: Caller, ino: number, flags: number): FileHandle {
  const file = fs.file(ino)
  const stored = fs.stored(ino)
  if (stored && flags & O_TRUNC) {
    file.writable().truncate(0)
    modified(fs, file, stored, modeDropped(fs, caller, file, caller.uid !== 0))
  }
  const untold = fs.saves.takeUntold(ino)
  if (untold) file.reportError(untold)
  file.handles++
  fs.inodes.use(ino)
  return fs.handles.openFile(file, flags, caller.pid)
}
