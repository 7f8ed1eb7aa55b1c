import type { FileSystem } from '../file-system.js'
import type { Caller, Handle } from '../vfs.js'

/** Returns when all changes of names before are committed; tells of those that were lost. */
export async function fsyncdir(fs: FileSystem, _caller: Caller, id: Handle): Promise<void> {
  fs.handles.directory(id)
  await fs.replica.settled()
  fs.losses.checkNames()
}
