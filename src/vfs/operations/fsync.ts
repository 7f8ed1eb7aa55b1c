import type { FileSystem } from '../file-system.js'
import type { Caller, Handle } from '../vfs.js'

/** Returns when everything done to the file before is committed; tells errors of its saves. */
export async function fsync(fs: FileSystem, _caller: Caller, id: Handle): Promise<void> {
  const handle = fs.handles.file(id)
  await fs.saves.save(handle.file)
  handle.checkSaved()
  await fs.replica.settled()
}
