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
  if (offset < afterDot && !add({ name: '.', ino, type: S_IFDIR, offset: afterDot })) return
  if (offset < afterDotDot) {
    const parent = parentOf(fs, ino)
    if (!add({ name: '..', ino: parent, type: S_IFDIR, offset: afterDotDot })) return
  }
  fs.listings.read(directory, offset, offset <= afterDotDot, add)
}
