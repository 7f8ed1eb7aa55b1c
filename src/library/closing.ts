// The end of an open volume: everything that can be stored is, what cannot is told, and nothing stays open.

import { rmdir } from 'node:fs/promises'
import { Errno, FsError } from '../posix/errno.js'
import type { Store } from '../store/store.js'
import type { OpenVolume } from '../vfs/open-volume.js'
import type { KeepAlive } from './keep-alive.js'
import type { Losses } from './losses.js'
import type { Session } from './session.js'

/** How long committing may take. */
const deadlineMs = 15_000

export interface ClosingParts {
  readonly store: Store
  readonly open: OpenVolume
  readonly losses: Losses
  readonly session: Session
  readonly alive: KeepAlive
  readonly readOnly: boolean
  /** A spool folder of this volume's own. */
  readonly temporary: string | undefined
}

/** As Volume.close. */
export async function closeVolume(parts: ClosingParts): Promise<void> {
  const { store, open, losses, session, alive, readOnly, temporary } = parts
  session.close()
  let failure: unknown
  const attempt = async (work: () => Promise<unknown>) => {
    await work().catch((error) => {
      failure ??= error
    })
  }
  await alive.during(async () => {
    // Asked for by itself: where a journal keeps what was answered, closing alone does not tell.
    if (!readOnly) await attempt(() => inTime(open.vfs.settle()))
    await attempt(() => open.close(deadlineMs))
    await attempt(() => store.close())
    if (temporary !== undefined) await rmdir(temporary).catch(() => undefined)
  })
  alive.end()
  const error = losses.report(failure)
  if (error) throw error
}

async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new FsError(
      Errno.EIO,
      `the store has not taken everything in ${deadlineMs / 1000} s`,
    )
    timer = setTimeout(() => reject(error), deadlineMs)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
