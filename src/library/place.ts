// Questions about the place of a name.

import { Errno, FsError } from '../posix/errno.js'
import type { Place } from '../vfs/resolve-path.js'
import type { Inode } from '../volume/inode.js'
import type { Session } from './session.js'

/** ENOENT. */
export async function existing(session: Session, place: Place): Promise<Inode> {
  const inode = await session.lookup(place)
  if (!inode) throw new FsError(Errno.ENOENT)
  return inode
}

/** The root, `.` and `..` are there, and are nobody's entry. */
export function isNoName({ name }: Place): boolean {
  return name === '' || name === '.' || name === '..'
}
