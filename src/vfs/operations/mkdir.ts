import { S_IFDIR } from '../../posix/mode.js'
import type { Inode } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import { then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import type { Awaitable, Caller } from '../vfs.js'
import { make } from './make.js'

/** Set-id bits come from the parent alone, as in Linux: those of `mode` are dropped. */
export function mkdir(
  fs: FileSystem,
  caller: Caller,
  parent: number,
  name: Name,
  mode: number,
): Awaitable<Inode> {
  const making = { parent, name, mode: S_IFDIR | (mode & 0o1777) }
  return then(make(fs, caller, making), ({ inode }) => inode)
}
