// open(2) by path, as the kernel does it for a mount.

import { constants } from 'node:fs'
import { Errno, FsError } from '../posix/errno.js'
import { isDirectory, isSymlink } from '../posix/mode.js'
import { opensForWriting } from '../posix/open-flags.js'
import { linksMax, type Place, resolvePlace } from '../vfs/resolve-path.js'
import type { Handle } from '../vfs/vfs.js'
import type { Inode } from '../volume/inode.js'
import type { VolumePath } from './arguments.js'
import { isNoName } from './place.js'
import type { Session } from './session.js'

const { O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW, O_DIRECTORY } = constants

/** What was opened. */
export interface Opened {
  readonly handle: Handle
  readonly ino: number
  readonly flags: number
  readonly isDirectory: boolean
  /** It was not there before. */
  readonly isNew: boolean
}

export async function openPath(
  session: Session,
  path: VolumePath,
  flags: number,
  mode: number,
): Promise<Opened> {
  if (flags & O_CREAT) return create(session, path, flags, mode)
  const inode = await session.find(path, (flags & O_NOFOLLOW) === 0)
  return openInode(session, inode, flags)
}

async function openInode(session: Session, inode: Inode, flags: number): Promise<Opened> {
  const { vfs, caller } = session
  const { ino } = inode
  if (!isDirectory(inode)) {
    if (flags & O_DIRECTORY) throw new FsError(Errno.ENOTDIR)
    return {
      handle: await vfs.open(caller, ino, flags),
      ino,
      flags,
      isDirectory: false,
      isNew: false,
    }
  }
  if (opensForWriting(flags) || flags & (O_CREAT | O_TRUNC)) throw new FsError(Errno.EISDIR)
  return { handle: await vfs.opendir(caller, ino), ino, flags, isDirectory: true, isNew: false }
}

/** A link at the end is followed, also to a name that is not there yet; not with O_EXCL. */
async function create(
  session: Session,
  path: VolumePath,
  flags: number,
  mode: number,
): Promise<Opened> {
  const { vfs, caller } = session
  let place = await session.place(path)
  for (let links = 0; ; ) {
    if (isNoName(place)) throw new FsError(flags & O_EXCL ? Errno.EEXIST : Errno.EISDIR)
    if (place.isDirectoryAsked) throw new FsError(Errno.EISDIR)
    const found = await session.lookup(place)
    if (!found || flags & O_EXCL) return createAt(session, place, flags, mode)
    if (!isSymlink(found)) return openInode(session, found, flags)
    if (flags & O_NOFOLLOW || ++links > linksMax) throw new FsError(Errno.ELOOP)
    const target = await vfs.readlink(caller, found.ino)
    place = await resolvePlace(vfs, caller, target, place.parent)
  }
}

async function createAt(
  { vfs, caller }: Session,
  { parent, name }: Place,
  flags: number,
  mode: number,
): Promise<Opened> {
  const { inode, handle, created } = await vfs.create(caller, parent, name, mode & 0o7777, flags)
  return { handle, ino: inode.ino, flags, isDirectory: false, isNew: created }
}
