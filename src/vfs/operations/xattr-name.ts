// Namespaces of extended attributes, as xattr(7) has them.

import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory, isRegular } from '../../posix/mode.js'
import type { Inode } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import { xattrNameBytesMax } from '../intents/setxattr.js'
import { isAcl } from '../xattr-set.js'

/** ERANGE for a name that is too long or empty, EOPNOTSUPP for a namespace that is not kept. */
export function checkXattrName(name: Name): void {
  if (name === '' || name.length > xattrNameBytesMax) throw new FsError(Errno.ERANGE)
  const kept = ['user.', 'trusted.', 'security.'].some((prefix) => name.startsWith(prefix))
  if (!kept && !isAcl(name)) throw new FsError(Errno.EOPNOTSUPP)
  if (name.endsWith('.')) throw new FsError(Errno.EINVAL)
}

/** Whether this kind of inode may have it: user.* only files and directories. */
export function mayHave(inode: Inode, name: Name): boolean {
  return !name.startsWith('user.') || isRegular(inode) || isDirectory(inode)
}
