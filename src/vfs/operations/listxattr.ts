import type { Name } from '../../volume/name.js'
import { then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import type { Awaitable, Caller } from '../vfs.js'
import { loadXattrSet } from '../xattr-set.js'

/** Those that the caller may know of: trusted.* is root's. */
export function listxattr(fs: FileSystem, caller: Caller, ino: number): Awaitable<readonly Name[]> {
  return then(loadXattrSet(fs.content, fs.inode(ino)), (xattrs) =>
    [...xattrs.keys()].filter((name) => caller.uid === 0 || !name.startsWith('trusted.')),
  )
}
