import { Errno, FsError } from '../../posix/errno.js'
import { MAY_EXEC } from '../../posix/permission.js'
import type { Inode } from '../../volume/inode.js'
import { type Name, nameBytesMax } from '../../volume/name.js'
import type { FileSystem } from '../file-system.js'
import type { Awaitable, Caller } from '../vfs.js'

/** The inode behind a name, with what is unsaved of it; undefined: absent. ENOTDIR, ENAMETOOLONG, EACCES. */
export function lookup(
  fs: FileSystem,
  caller: Caller,
  parent: number,
  name: Name,
): Awaitable<Inode | undefined> {
  const directory = fs.directory(parent)
  fs.check(caller, directory, MAY_EXEC)
  if (name.length > nameBytesMax) throw new FsError(Errno.ENAMETOOLONG)
  if (name === '.') return directory
  if (name === '..') return fs.inode(parentOf(fs, parent))
  const found = inodeBehind(fs, parent, name)
  // A name that is there is opened, and the log is followed then; one that is not, is not.
  if (found || !fs.options.pollAtOpen) return found
  return fs.replica.pollAnswered().then(() => inodeBehind(fs, parent, name))
}

function inodeBehind(fs: FileSystem, parent: number, name: Name): Inode | undefined {
  const dirent = fs.replica.lookup(parent, name)
  if (!dirent) return undefined
  const inode = fs.seen(dirent.ino)
  if (!inode) throw new FsError(Errno.EIO, `inode ${dirent.ino} of a directory entry is missing`)
  return inode
}

/** The root's parent is the root; so is a removed directory's its own. */
export function parentOf(fs: FileSystem, ino: number): number {
  return fs.replica.parentOf(ino) ?? ino
}
