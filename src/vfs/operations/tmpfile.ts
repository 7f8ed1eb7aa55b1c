import { permissionBits, S_IFREG } from '../../posix/mode.js'
import { then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import { checkMayCreate, directoryOf } from '../intents/checks.js'
import { newInode } from '../intents/create.js'
import type { Awaitable, Caller, Created } from '../vfs.js'
import { createIntent } from './make.js'
import { openHandle } from './open.js'

/**
 * O_TMPFILE: a file without a name, which no store hears of before it is linked; its bytes stay in its
 * spool.
 */
export function tmpfile(
  fs: FileSystem,
  caller: Caller,
  parent: number,
  mode: number,
  flags: number,
): Awaitable<Created> {
  fs.checkWritable()
  const directory = directoryOf(fs.replica, parent, fs.as(caller))
  checkMayCreate(directory, fs.as(caller))
  return then(fs.replica.allocateIno(), (ino) => {
    const making = { parent, name: '', mode: S_IFREG | (mode & permissionBits) }
    const inode = { ...newInode(createIntent(fs, caller, ino, making), directory), nlink: 0 }
    const handle = openHandle(fs, caller, ino, flags)
    fs.inodes.setNameless(inode)
    return { inode, handle: handle.id, created: true }
  })
}
