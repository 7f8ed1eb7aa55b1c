/**
 * Stops a mount (SIGSTOP), but not within a transaction: a process that stands still there keeps the lock of
 * the embedded store, and is waited for by everybody (src/replica/stopped-writer.test.ts has that).
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLmdbStore } from '../../src/store/lmdb/lmdb-store.js'
import type { LeaseMount, LeaseMounts } from './lease-mounts.js'

/** Longer than any transaction takes. */
const lockedMs = 1_000
const triesMax = 20

export async function stopHolder({ sandbox }: LeaseMounts, mount: LeaseMount): Promise<void> {
  const directory = join(sandbox.folder, 'state', 'store')
  if (!existsSync(directory)) {
    mount.signal('SIGSTOP')
    return
  }
  const store = await openLmdbStore({ directory })
  try {
    for (let count = 0; count < triesMax; count++) {
      mount.signal('SIGSTOP')
      const written = store.releaseLease('probe', randomUUID())
      const isFree = await Promise.race([written.then(() => true), sleep(lockedMs, false)])
      if (isFree) return
      mount.signal('SIGCONT')
      await written
    }
    throw new Error('it was stopped within a transaction each time')
  } finally {
    await store.close()
  }
}
