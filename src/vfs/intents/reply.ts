// What the rule of an intent has answered, told anew for one that is done already: its request was delivered
// again, to a process that did not carry it out.

import { Errno, FsError } from '../../posix/errno.js'
import type { Namespace } from '../../replica/namespace.js'
import type { Inode } from '../../volume/inode.js'
import type { CreateResult } from './create.js'
import type { Intent } from './intent.js'
import type { RemovalResult } from './unlink.js'

/** Throws ENOENT where another mount has removed since what was made. */
export function replyAgain(
  intent: Intent,
  namespace: Pick<Namespace, 'inode' | 'lookup'>,
): CreateResult | RemovalResult | Inode {
  switch (intent.kind) {
    case 'create': {
      // The number in `intent` is not the one that was given to the file.
      const dirent = namespace.lookup(intent.parent, intent.name)
      return { inode: there(dirent && namespace.inode(dirent.ino)), created: true }
    }
    case 'unlink':
    case 'rmdir':
    case 'rename':
      // Nobody here held what went with the name.
      return { removed: undefined }
    case 'adopt':
      return there(namespace.inode(intent.inode.ino))
    case 'link':
    case 'setattr':
    case 'setxattr':
    case 'save':
      return there(namespace.inode(intent.ino))
  }
}

function there(inode: Inode | undefined): Inode {
  if (!inode) throw new FsError(Errno.ENOENT)
  return inode
}
