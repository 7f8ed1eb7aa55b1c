import { MAY_READ } from '../../posix/permission.js'
import type { Name } from '../../volume/name.js'
import { then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import type { Awaitable, Caller } from '../vfs.js'
import { loadXattrSet } from '../xattr-set.js'
import { checkXattrName } from './xattr-name.js'

/** Undefined: there is none of that name. EOPNOTSUPP, EACCES. */
export function getxattr(
  fs: FileSystem,
  caller: Caller,
  ino: number,
  name: Name,
): Awaitable<Uint8Array | undefined> {
  const inode = fs.inode(ino)
  checkXattrName(name)
  if (name.startsWith('user.')) fs.check(caller, inode, MAY_READ)
  return then(loadXattrSet(fs.content, inode), (xattrs) => {
    const hidden = name.startsWith('trusted.') && caller.uid !== 0
    return hidden ? undefined : xattrs.get(name)
  })
}
