import type { FileSystem } from '../file-system.js'
import type { FileHandle } from '../handles.js'
import type { Caller, Handle } from '../vfs.js'

/** Returns when everything done to the file before is committed; tells errors of its saves. */
export async function fsync(fs: FileSystem, _caller: Caller, id: Handle): Promise<void> {
  const handle = fs.handles.file(id)
  await fs.saves.save(handle.file)
  await settled(fs, handle)
}

/** Everything before is committed, or who asks is told: first of its own file, else of any other. */
export async function settled(fs: FileSystem, handle: FileHandle): Promise<void> {
  const ended = await fs.replica.settled().then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  handle.checkSaved()
  if (ended) throw ended.error
}
