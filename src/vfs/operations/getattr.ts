import type { Inode } from '../../volume/inode.js'
import type { FileSystem } from '../file-system.js'
import type { Caller } from '../vfs.js'

/** stat(2). An open file is its inode, whatever names it has lost. */
export function getattr(fs: FileSystem, _caller: Caller, ino: number): Inode {
  return fs.inode(ino)
}
