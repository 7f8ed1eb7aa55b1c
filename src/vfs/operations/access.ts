import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory, isRegular } from '../../posix/mode.js'
import { checkAllows, MAY_WRITE } from '../../posix/permission.js'
import type { FileSystem } from '../file-system.js'
import { accessAcl } from '../intents/checks.js'
import type { Caller } from '../vfs.js'

/** access(2), with the caller's own ids: EACCES, EROFS. */
export function access(fs: FileSystem, caller: Caller, ino: number, mask: number): void {
  const inode = fs.inode(ino)
  const stored = isRegular(inode) || isDirectory(inode)
  if (mask & MAY_WRITE && stored && fs.options.readOnly) throw new FsError(Errno.EROFS)
  checkAllows(caller, inode, mask & 7, accessAcl(inode))
}
