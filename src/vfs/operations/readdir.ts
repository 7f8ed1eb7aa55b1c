import { S_IFDIR } from '../../posix/mode.js'
import type { FileSystem } from '../file-system.js'
import { afterDot, afterDotDot } from '../readdir-order.js'
import type { Caller, DirectoryEntry, Handle } from '../vfs.js'
import { parentOf } from './lookup.js'

/** ".", "..", then the names in the order of their offsets. A removed directory has no entries. */
export function readdir(
  fs: FileSystem,
  _caller: Caller,
  id: Handle,
  offset: number,
  add: (entry: DirectoryEntry) => boolean,
): void {
  const { ino } = fs.handles.directory(id)
  const directory = fs.directory(ino)
  if (fs.isOrphan(ino)) return
  // While the volume is loaded this may have to begin anew: not with half of the entries given.
  if (fs.replica.isLoading) fs.replica.list(ino, undefined, 1)
  if (offset < afterDot && !add({ name: '.', ino, type: S_IFDIR, offset: afterDot })) return
  if (offset < afterDotDot) {
    const parent = parentOf(fs, ino)
    if (!add({ name: '..', ino: parent, type: S_IFDIR, offset: afterDotDot })) return
  }
  fs.listings.read(directory, offset, offset <= afterDotDot, add)
}
