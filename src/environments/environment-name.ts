// Which names owners and environments may have. `@` is kept for snapshots (`env@label`) and for
// environments that are being deleted.

import { Errno, FsError } from '../posix/errno.js'

const pattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** Throws FsError EINVAL, in words for people, where `name` cannot name an owner or environment. */
export function checkName(what: 'owner' | 'environment', name: string): void {
  if (pattern.test(name)) return
  throw new FsError(
    Errno.EINVAL,
    `${what} "${name}": allowed are 1 to 63 letters, digits, ".", "_" and "-", ` +
      'beginning with a letter or digit',
  )
}
