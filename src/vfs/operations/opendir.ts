import { MAY_READ } from '../../posix/permission.js'
import type { FileSystem } from '../file-system.js'
import type { Caller, Handle } from '../vfs.js'

/** ENOTDIR, EACCES. */
export function opendir(fs: FileSystem, caller: Caller, ino: number): Handle {
  fs.check(caller, fs.directory(ino), MAY_READ)
  fs.inodes.use(ino)
  return fs.handles.openDirectory(ino, caller.pid).id
}

export function releasedir(fs: FileSystem, _caller: Caller, id: Handle): void {
  const { ino } = fs.handles.directory(id)
  fs.handles.remove(id)
  fs.inodes.unuse(ino)
}
