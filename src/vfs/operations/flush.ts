import { after } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import type { Awaitable, Caller, Handle } from '../vfs.js'
import { settled } from './fsync.js'

/** close(2) of one descriptor: what was written is saved before it returns, and errors are told. */
export function flush(
  fs: FileSystem,
  _caller: Caller,
  id: Handle,
  lockOwner?: string,
): Awaitable<void> {
  const handle = fs.handles.file(id)
  if (lockOwner !== undefined) fs.locks.release(handle.ino, lockOwner, false)
  const saving = handle.writable ? fs.saves.save(handle.file) : undefined
  if (fs.options.durableClose && handle.writable)
    return Promise.resolve(saving).then(() => settled(fs, handle))
  return after(saving, () => handle.checkSaved())
}
