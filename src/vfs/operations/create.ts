import { permissionBits, S_IFREG } from '../../posix/mode.js'
import { O_EXCL, O_TRUNC } from '../../posix/open-flags.js'
import type { Name } from '../../volume/name.js'
import { then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import type { Awaitable, Caller, Created } from '../vfs.js'
import { make } from './make.js'
import { checkMayOpen, openHandle } from './open.js'

/**
 * open(O_CREAT). Where the name turns out taken by a regular file and O_EXCL was not asked for, it is
 * opened; nobody has checked then whether the caller may, so that is done here in any case.
 */
export function create(
  fs: FileSystem,
  caller: Caller,
  parent: number,
  name: Name,
  mode: number,
  flags: number,
): Awaitable<Created> {
  const existing = flags & O_EXCL ? ('refuse' as const) : ('open' as const)
  const making = { parent, name, mode: S_IFREG | (mode & permissionBits), existing }
  return then(make(fs, caller, making), ({ inode, created }) => {
    if (!created) checkMayOpen(caller, fs.inode(inode.ino), flags)
    const handle = openHandle(fs, caller, inode.ino, created ? flags & ~O_TRUNC : flags)
    // Another mount may have removed it before anybody here held it: it lives on for this handle.
    if (!fs.stored(inode.ino)) fs.inodes.setOrphan({ ...inode, nlink: 0 })
    return { inode: fs.inode(inode.ino), handle: handle.id, created }
  })
}
