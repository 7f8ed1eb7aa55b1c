// Names that outlive the machine: fsync(2) of a file brings its bytes to disk, not the name by which it will
// be found. That stands in its folder, which has an fsync of its own.

import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'

/** Opening a folder that may be passed and not read. */
const foreignCodes = new Set(['EACCES', 'EPERM'])

/**
 * Makes a folder, and those above it, with mode 0700; the names of all that it makes are on disk when it
 * returns, and the name of the last in any case: whoever made that may have been killed before. Throws as
 * mkdir(2) and fsync(2) do.
 */
export function makeLastingFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 })
  const end = dirname(first ?? path)
  let folder = path
  do {
    folder = dirname(folder)
    syncParent(folder)
  } while (folder !== end && folder !== dirname(folder))
}

/**
 * The names in a folder are on disk when it returns, unless its file system cannot sync one. Throws as open(2) and
 * fsync(2) do.
 */
export function syncFolder(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
  } finally {
    closeSync(fd)
  }
}

/** A folder of somebody else's, perhaps: where it cannot be synced nothing more can be done from here. */
function syncParent(path: string): void {
  try {
    syncFolder(path)
  } catch (error) {
    if (!foreignCodes.has((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
