import type { Name } from '../../volume/name.js'
import { then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import type { Awaitable, Caller } from '../vfs.js'
import { allXattrs } from './getxattr.js'

/** Those that the caller may know of: trusted.* is root's. */
export function listxattr(fs: FileSystem, caller: Caller, ino: number): Awaitable<readonly Name[]> {
  return then(allXattrs(fs, fs.inode(ino)), (xattrs) =>
    [...xattrs.keys()].filter((name) => caller.uid === 0 || !name.startsWith('trusted.')),
  )
}
