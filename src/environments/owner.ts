// An owner is made by its first environment and never goes. Its entry hands out inode numbers.

import { randomUUID } from 'node:crypto'
import { Errno, FsError } from '../posix/errno.js'
import type { OwnerEntry, Store } from '../store/store.js'
import { rootIno } from '../volume/inode.js'
import { checkName } from './environment-name.js'

const attemptsMax = 5

/** The owner's entry, made if it is not there. Two who make it at once get the same one. */
export async function ensureOwner(store: Store, owner: string): Promise<OwnerEntry> {
  checkName('owner', owner)
  const next: OwnerEntry = { id: randomUUID(), nextIno: rootIno + 1 }
  let cause: Error | undefined
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const present = await store.readOwner(owner)
    if (present) return present
    const outcome = await store.compareAndSetOwner(owner, undefined, next)
    if (outcome.kind === 'applied') return next
    // Refused: somebody else made it. Unknown: the next read at the same consistency decides it, and
    // whoever's entry stands there is the owner.
    if (outcome.kind === 'unknown') cause = outcome.cause
  }
  throw new FsError(
    Errno.EIO,
    `owner "${owner}" could not be made: the store gave no clear answer`,
    {
      cause,
    },
  )
}
