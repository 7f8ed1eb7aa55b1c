import type { FileSystem } from '../file-system.js'
import type { Caller, Handle } from '../vfs.js'

/** The last descriptor of a handle is gone. What a mapping dirtied since the flush is saved behind. */
export function release(fs: FileSystem, _caller: Caller, id: Handle, flockOwner?: string): void {
  const { file, ino } = fs.handles.file(id)
  fs.handles.remove(id)
  if (flockOwner !== undefined) fs.locks.release(ino, flockOwner, true)
  file.handles--
  if (file.handles === 0) fs.saves.released(file)
  fs.inodes.unuse(ino)
}
