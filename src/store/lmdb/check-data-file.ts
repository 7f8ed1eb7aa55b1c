// Before a data file is opened: LMDB ends the process that reads behind the end of one that was cut short.

import { fork } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDataFile, usedBytes } from '../../tables/data-file.js'
import { StoreDamaged } from '../store.js'

const restore = 'keep a copy of the folder, and restore it from a backup'

/** Throws StoreDamaged for a file that LMDB did not write. */
export function checkKind(directory: string): void {
  const file = join(directory, 'data.mdb')
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false || !isDataFile(file))
    throw new StoreDamaged(`${file}: damaged, or not a file of an embedded store; ${restore}`)
}

/**
 * Rejects with StoreDamaged where the file is shorter than it must be. One that lacks only pages that are not in
 * use may be whole: a process of its own reads it through, and lives or does not.
 */
export async function checkDataFile(directory: string): Promise<void> {
  const file = join(directory, 'data.mdb')
  const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 }
  const used = usedBytes(file)
  if (size >= used) return
  const script = fileURLToPath(new URL('./read-through.js', import.meta.url))
  const child = fork(script, [directory], { stdio: 'ignore' })
  const end = await new Promise<number | string | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (status, signal) => resolve(signal ?? status))
  })
  if (end === 0) return
  const lacking = `${size} bytes are left of ${used}`
  throw new StoreDamaged(`${file}: damaged: it was cut short, ${lacking}; ${restore}`)
}
