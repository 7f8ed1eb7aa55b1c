// Whether this host's clock may be trusted beside the store's.

import { Errno, FsError } from '../posix/errno.js'
import type { Store } from './store.js'

/** A clock that is further off the store's than this may not write. */
const clockSkewMsMax = 3_600_000

/** Times of files are this host's: a wrong clock would order them wrongly for all other mounts. */
export async function checkClock(store: Store): Promise<void> {
  const skewMs = Date.now() - (await store.clockMs())
  if (Math.abs(skewMs) <= clockSkewMsMax) return
  const minutes = Math.round(Math.abs(skewMs) / 60_000)
  const where = skewMs > 0 ? 'ahead of' : 'behind'
  throw new FsError(
    Errno.EINVAL,
    `the clock of this machine is ${minutes} minutes ${where} the store's: set it ` +
      '(timedatectl set-ntp true), or open the volume read-only (mount it with -ro)',
  )
}
