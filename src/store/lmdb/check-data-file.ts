// Before a data file is opened: LMDB ends the process that reads behind the end of one that was cut short.

import { fork } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDataFile, tryLockFile, usedBytes } from '../../tables/data-file.js'
import { StoreDamaged } from '../store.js'

const restore = 'keep a copy of the folder, and restore it from a backup'

/** Throws StoreDamaged for a file that LMDB did not write, or where there is none and was one. */
export function checkKind(directory: string): void {
  checkLockFile(directory)
  const file = join(directory, 'data.mdb')
  const stats = statSync(file, { throwIfNoEntry: false })
  if (stats?.isFile() === false || !isDataFile(file))
    throw new StoreDamaged(`${file}: damaged, or not a file of an embedded store; ${restore}`)
  // Set aside when the store was made, and never removed.
  if ((stats?.size ?? 0) > 0 || !existsSync(join(directory, 'reserve'))) return
  const what = stats ? 'is empty' : 'is gone'
  const anew = `where nothing of it is needed: remove ${directory}`
  throw new StoreDamaged(
    `${file}: ${what}, and there was a store; restore it from a backup, or ${anew}`,
  )
}

function checkLockFile(directory: string): void {
  const file = join(directory, 'lock.mdb')
  try {
    tryLockFile(file)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const message = `${file}: cannot be opened (${code}); when nothing is mounted, remove it`
    throw new StoreDamaged(message, { cause })
  }
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
