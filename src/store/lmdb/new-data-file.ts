// The data file of a new store comes under its name when it is whole and on disk: what LMDB writes first is not
// synced, and of a file that a power cut has left half nobody could tell whether it ever held anything.

import { renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { syncFolder } from '../../tables/lasting-folder.js'

const newName = 'data.mdb.new'
/** Far longer than a system keeps a name in memory alone. */
const youngMs = 600_000

/**
 * Makes `data.mdb` in `directory` unless it is there, by way of `make`, which writes and closes an environment
 * whose file has the path it is handed. Its name is on disk afterwards. Nobody else may be at it.
 */
export async function ensureDataFile(
  directory: string,
  make: (path: string) => Promise<void>,
): Promise<void> {
  const path = join(directory, 'data.mdb')
  // Opened by an earlier version, or somebody's touch(1): there is nothing in it.
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats?.size) {
    const fresh = join(directory, newName)
    remove(fresh)
    await make(fresh)
    renameSync(fresh, path)
    remove(fresh)
  }
  // Whoever gave it its name may have been killed before the next line. Of an older one that is long on disk.
  if (!stats?.size || Date.now() - stats.birthtimeMs < youngMs) syncFolder(directory)
}

function remove(path: string): void {
  for (const each of [path, `${path}-lock`]) rmSync(each, { force: true })
}
