import type { FileSystem } from '../file-system.js'
import type { Awaitable, Caller, FileLock } from '../vfs.js'

/** The lock in the way; undefined: it could be had. */
export function getlk(
  fs: FileSystem,
  _caller: Caller,
  ino: number,
  lock: FileLock,
): FileLock | undefined {
  return fs.locks.conflict(ino, lock)
}

/** EAGAIN. */
export function setlk(fs: FileSystem, _caller: Caller, ino: number, lock: FileLock): void {
  fs.locks.set(ino, lock)
}

/** EINTR, EDEADLK. */
export function setlkw(
  fs: FileSystem,
  caller: Caller,
  ino: number,
  lock: FileLock,
): Awaitable<void> {
  return fs.locks.setWaiting(ino, lock, caller.signal)
}
