// Before a data file is opened: LMDB ends the process that reads behind the end of one that was cut short.

import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDataFile, tryLockFile, usedBytes } from '../../tables/data-file.js'
import { StoreDamaged, StoreUnavailable } from '../store.js'
import { damagedStatus } from './damaged-status.js'

const restore = 'keep a copy of the folder, and restore it from a backup'
/** What open(2) says of something that is no lock file; what else it says is of this process or the machine. */
const otherKindCodes = new Set(['EISDIR', 'ELOOP', 'ENOTDIR', 'ENXIO', 'ENODEV'])
/** Another time it may go. */
const scarceCodes = new Set(['EMFILE', 'ENFILE', 'ENOMEM'])
/** How LMDB ends who reads what is not there, or no page. */
const damageSignals = new Set(['SIGBUS', 'SIGSEGV', 'SIGABRT'])
/** To start a process, and what a slow disk reads in a second. */
const startMs = 30_000
const slowBytes = 10 * 2 ** 20

/**
 * Throws StoreDamaged for a file that LMDB did not write, or where there is none and was one; StoreUnavailable
 * where this process has no descriptor left; else as open(2) does. Nobody may be making a store meanwhile.
 */
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
    const code = (cause as NodeJS.ErrnoException).code ?? ''
    if (scarceCodes.has(code))
      throw new StoreUnavailable(`${file}: cannot be opened now (${code})`, { cause })
    if (!otherKindCodes.has(code)) throw cause
    const message = `${file}: cannot be opened (${code}); when nothing is mounted, remove it`
    throw new StoreDamaged(message, { cause })
  }
}

/**
 * Rejects with StoreDamaged where the file is shorter than it must be. One that lacks only pages that are not in
 * use may be whole: a process of its own reads it through, and lives or does not. Where that cannot be told, also
 * not within `limitMs`, it is StoreUnavailable. No other process may write or open meanwhile (opening-lock.ts): the
 * one that reads opens the environment too.
 */
export async function checkDataFile(directory: string, limitMs?: number): Promise<void> {
  const file = join(directory, 'data.mdb')
  // In this order: the file only ever grows.
  const used = usedBytes(file)
  const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 }
  if (size >= used) return
  const end = await readThrough(directory, limitMs ?? startMs + (1000 * size) / slowBytes)
  if (end === 0) return
  const lacking = `${size} bytes are left of ${used}`
  if (end === damagedStatus || damageSignals.has(String(end)))
    throw new StoreDamaged(`${file}: damaged: it was cut short, ${lacking}; ${restore}`)
  const what = `it seems cut short (${lacking}), and whether it is damaged could not be found out`
  throw new StoreUnavailable(`${file}: ${what}: reading it through ended with ${end}; try again`)
}

/** How it ended: a status, a signal, an error of starting it, or that it took too long. It is gone then. */
async function readThrough(directory: string, limitMs: number): Promise<number | string> {
  const script = fileURLToPath(new URL('./read-through.js', import.meta.url))
  let timer: NodeJS.Timeout | undefined
  try {
    const child = fork(script, [directory], { stdio: 'ignore', execArgv: [] })
    let isLate = false
    timer = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
    }, limitMs)
    const end = await endOf(child)
    return isLate && end !== 0 ? `no answer in ${Math.round(limitMs)} ms` : end
  } catch (error) {
    return String(error)
  } finally {
    clearTimeout(timer)
  }
}

function endOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (status, signal) => resolve(signal ?? status ?? 'no status'))
  })
}
