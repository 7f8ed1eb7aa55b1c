import type { Name } from '../../volume/name.js'
import { then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import type { RemovalResult } from '../intents/unlink.js'
import type { Awaitable, Caller } from '../vfs.js'

export function unlink(
  fs: FileSystem,
  caller: Caller,
  parent: number,
  name: Name,
): Awaitable<void> {
  keepHeld(fs, parent, name)
  const intent = { kind: 'unlink', parent, name, time: fs.now(), as: fs.as(caller) } as const
  return then(fs.change<RemovalResult>(caller, intent), (result) => keepRemoved(fs, result))
}

export function rmdir(fs: FileSystem, caller: Caller, parent: number, name: Name): Awaitable<void> {
  keepHeld(fs, parent, name)
  const intent = { kind: 'rmdir', parent, name, time: fs.now(), as: fs.as(caller) } as const
  return then(fs.change<RemovalResult>(caller, intent), (result) => keepRemoved(fs, result))
}

/**
 * Before a name goes: whoever holds the inode finds it here from the moment that the replica has it no
 * more. As long as the replica has it, this is not looked at.
 */
export function keepHeld(fs: FileSystem, parent: number, name: Name): void {
  const dirent = fs.replica.lookup(parent, name)
  const inode = dirent && fs.replica.inode(dirent.ino)
  if (inode) fs.inodes.setOrphan({ ...inode, nlink: 0 })
}

/** After it went: the inode as it was left. */
export function keepRemoved(fs: FileSystem, { removed }: RemovalResult): void {
  if (!removed) return
  fs.inodes.setOrphan(removed)
  fs.listings.drop(removed.ino)
  const file = fs.files.get(removed.ino)
  if (file) fs.settleFile(file)
}
