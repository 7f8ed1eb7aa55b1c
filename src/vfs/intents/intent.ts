// Everything that changes a volume, as plain data: made once by an operation, applied anew at every
// attempt (src/replica). Times and inode numbers are fixed when an intent is made.

import type { CreateIntent } from './create.js'
import type { LinkIntent } from './link.js'
import type { RenameIntent } from './rename.js'
import type { AdoptIntent, SaveIntent } from './save.js'
import type { SetattrIntent } from './setattr.js'
import type { SetxattrIntent } from './setxattr.js'
import type { RmdirIntent, UnlinkIntent } from './unlink.js'

export type Intent =
  | CreateIntent
  | UnlinkIntent
  | RmdirIntent
  | RenameIntent
  | LinkIntent
  | SetattrIntent
  | SetxattrIntent
  | SaveIntent
  | AdoptIntent

/** Whether it must not be done twice where its request is delivered again: the second time would be an error. */
export function isOnceOnly({ kind }: Intent): boolean {
  return kind !== 'setattr' && kind !== 'save' && kind !== 'adopt'
}
