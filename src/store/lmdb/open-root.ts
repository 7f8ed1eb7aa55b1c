// LMDB as the embedded store opens it: what is on when, and what an error of opening means.

import { open, type RootDatabase } from 'lmdb'
import { Errno, FsError } from '../../posix/errno.js'
import { StoreUnavailable, StoreUnusable } from '../store.js'
import { isDiskFull } from './disk-reserve.js'
import { checkFormat } from './format.js'

/** Address space, not memory or disk; lmdb-js maps more when the data outgrow it. */
const mapBytes = 64 * 2 ** 30
const readersMax = 512
const durable = {
  /** A commit's promise settles after its own fdatasync. */
  overlappingSync: false,
  /** Of the two newest states on disk the one is taken that was surely synced. */
  safeRestore: true,
  /** lmdb-js' own batching makes a promise nobody holds: a failed write would end the process. */
  eventTurnBatching: false,
}
/** Of every database: keys and values are bytes. */
export const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const

/** Throws as `unusable` says. `isFile`: the path is of the data file itself. */
export function openRoot(path: string, isFile: boolean): RootDatabase<Buffer, Buffer> {
  try {
    return open<Buffer, Buffer>({
      path,
      noSubdir: isFile,
      mapSize: mapBytes,
      maxDbs: 16,
      maxReaders: readersMax,
      ...durable,
      ...bytes,
    })
  } catch (error) {
    throw unusable(path, error)
  }
}

/** An environment with nothing but its format. */
export async function makeEnvironment(file: string): Promise<void> {
  const root = openRoot(file, true)
  try {
    const meta = root.openDB<Buffer, Buffer>({ name: 'meta', ...bytes })
    root.transactionSync(() => checkFormat(meta, true, file))
  } finally {
    await root.close()
  }
}

/** What somebody who wanted to open `directory` is told: StoreUnusable, FsError ENOSPC. */
export function unusable(directory: string, error: unknown): Error {
  if (error instanceof FsError) return error
  if (error instanceof StoreUnusable || error instanceof StoreUnavailable) return error
  if (isDiskFull(error, directory))
    return new FsError(Errno.ENOSPC, `no space left on the disk of ${directory}`, { cause: error })
  const message = (error as Error)?.message ?? String(error)
  return new StoreUnusable(`${directory}: cannot be opened as an embedded store: ${message}`, {
    cause: error,
  })
}
