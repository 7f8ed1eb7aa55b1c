// Reads every row of the environment in the directory that is its argument, and ends with status 0 where that can
// be done, with `damagedStatus` where LMDB says that it is damaged. A process of its own, as a damaged file may end
// it. Whoever starts it holds the opening lock: it does not take that itself.

import { open } from 'lmdb'
import { damagedStatus } from './damaged-status.js'

/** MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_INVALID. */
const damageCodes = new Set<unknown>([-30797, -30796, -30793])

/** Answers something that was made of all of it, so that nothing is left out. */
function readAll(path: string): number {
  let touched = 0
  const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const
  const root = open<Buffer, Buffer>({ path, noSubdir: false, readOnly: true, maxDbs: 16, ...bytes })
  for (const key of [...root.getKeys()]) {
    const rows = root.openDB<Buffer, Buffer>({ name: key.toString(), ...bytes })
    // Of a value that stands on many pages the last one is the first that a file lacks.
    for (const { value } of rows.getRange({})) touched ^= value.at(-1) ?? 0
  }
  return touched
}

const path = process.argv[2]
if (!path) throw new Error('started without a directory')
try {
  process.exit(Number.isInteger(readAll(path)) ? 0 : 1)
} catch (error) {
  process.exit(damageCodes.has((error as { code?: unknown }).code) ? damagedStatus : 1)
}
