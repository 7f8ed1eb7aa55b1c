// What goes: a name, an empty directory, a directory with all that is in it.

import { Errno, FsError } from '../posix/errno.js'
import { isDirectory } from '../posix/mode.js'
import type { Name } from '../volume/name.js'
import { bytesOf, flagOf, optionsOf, textOf, type VolumePath } from './arguments.js'
import { VolumeError } from './errors.js'
import { entriesOf } from './listing.js'
import { existing, isNoName } from './place.js'
import type { Session } from './session.js'

/** As Node tells that `recursive` is missing. */
class IsDirectory extends VolumeError {
  override readonly code: string = 'ERR_FS_EISDIR'
}

export async function remove(session: Session, path: VolumePath, options: unknown): Promise<void> {
  const given = optionsOf('rm', options, ['force', 'recursive'])
  const isForced = flagOf('force', given.force)
  const isRecursive = flagOf('recursive', given.recursive)
  const facts = { syscall: 'rm', path: textOf(path) }
  await session.run(facts, async () => {
    const bytes = bytesOf(path)
    const found = await session.find(path, false).catch(unlessAbsent)
    if (!found) {
      if (isForced) return
      throw new FsError(Errno.ENOENT)
    }
    if (!isDirectory(found)) await unlink(session, path)
    else if (isRecursive) await removeTree(session, bytes)
    else throw new IsDirectory(Errno.EISDIR, facts, 'path is a directory; set recursive')
  })
}

export async function unlink(session: Session, path: VolumePath): Promise<void> {
  const place = await session.place(path)
  if (isNoName(place)) throw new FsError(Errno.EISDIR)
  if (place.isDirectoryAsked) {
    const inode = await existing(session, place)
    throw new FsError(isDirectory(inode) ? Errno.EISDIR : Errno.ENOTDIR)
  }
  await session.vfs.unlink(session.caller, place.parent, place.name)
}

export async function rmdir(session: Session, path: VolumePath): Promise<void> {
  const place = await session.place(path)
  if (place.name === '') throw new FsError(Errno.EBUSY)
  await session.vfs.rmdir(session.caller, place.parent, place.name)
}

/** Somebody else may make and remove names in it meanwhile: it is done when the directory goes. */
async function removeTree(session: Session, path: Name): Promise<void> {
  const bytes = Buffer.from(path, 'latin1')
  while (!(await rmdir(session, bytes).then(() => true, unlessFilled))) {
    const { ino } = await session.find(bytes, false)
    for (const { name, isDirectory: isTree } of await entriesOf(session, ino)) {
      const child = `${path}/${name}`
      const removed = isTree
        ? removeTree(session, child)
        : unlink(session, Buffer.from(child, 'latin1'))
      await removed.catch(unlessAbsent)
    }
  }
}

function unlessAbsent(error: unknown): undefined {
  if (!(error instanceof FsError) || error.errno !== Errno.ENOENT) throw error
}

/** A name came into it since it was listed. */
function unlessFilled(error: unknown): false {
  if (!(error instanceof FsError) || error.errno !== Errno.ENOTEMPTY) throw error
  return false
}
