import { Errno, FsError } from '../../posix/errno.js'
import type { Credentials } from '../../posix/permission.js'
import type { Name } from '../../volume/name.js'
import { after, then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import { prepareOn, type SetxattrIntent, withPrepared, xattrBytesMax } from '../intents/setxattr.js'
import { type Awaitable, type Caller, XattrFlag } from '../vfs.js'
import { checkXattrName, mayHave } from './xattr-name.js'

/** E2BIG for a value over 64 KiB, EEXIST, ENODATA, EOPNOTSUPP, EPERM. */
export function setxattr(
  fs: FileSystem,
  caller: Caller,
  ino: number,
  name: Name,
  value: Uint8Array,
  flags: number,
  killSgid = false,
): Awaitable<void> {
  checkXattrName(name)
  if (value.length > xattrBytesMax) throw new FsError(Errno.E2BIG)
  const known = XattrFlag.create | XattrFlag.replace
  if ((flags & ~known) !== 0 || flags === known) throw new FsError(Errno.EINVAL)
  return changeXattr(fs, caller, ino, name, Buffer.from(value), flags, killSgid, fs.as(caller))
}

/** ENODATA where there is none. */
export function removexattr(
  fs: FileSystem,
  caller: Caller,
  ino: number,
  name: Name,
): Awaitable<void> {
  checkXattrName(name)
  return changeXattr(fs, caller, ino, name, undefined, 0, false, fs.as(caller))
}

/** As the kernel does it for whoever changes the bytes: without asking whether he may, or whether it is there. */
export function dropXattr(
  fs: FileSystem,
  caller: Caller,
  ino: number,
  name: Name,
): Awaitable<void> {
  const gone = (error: unknown) => {
    if (!(error instanceof FsError && error.errno === Errno.ENODATA)) throw error
  }
  try {
    const dropped = changeXattr(fs, caller, ino, name, undefined, 0, false, undefined)
    return dropped instanceof Promise ? dropped.catch(gone) : dropped
  } catch (error) {
    gone(error)
  }
}

function changeXattr(
  fs: FileSystem,
  caller: Caller,
  ino: number,
  name: Name,
  value: Uint8Array | undefined,
  flags: number,
  killSgid: boolean,
  as: Credentials | undefined,
): Awaitable<void> {
  fs.checkWritable()
  if (!mayHave(fs.inode(ino), name))
    throw new FsError(value === undefined ? Errno.ENODATA : Errno.EPERM)
  // An ACL is mode bits, and these may be waiting to be saved.
  const waits = fs.files.get(ino)?.unsaved?.changes ? fs.saves.saved(ino) : undefined
  return after(waits, () => {
    const intent: SetxattrIntent = {
      kind: 'setxattr',
      ino,
      name,
      value,
      flags,
      killSgid,
      time: fs.now(),
      as,
      prepared: undefined,
    }
    if (fs.isOrphan(ino)) return changeOrphan(fs, intent)
    return then(fs.change<unknown>(caller, intent), () => undefined)
  })
}

function changeOrphan(fs: FileSystem, intent: SetxattrIntent): Awaitable<void> {
  return after(prepareOn(fs.content, intent, fs.storedInode(intent.ino)), () =>
    fs.inodes.setOrphan(withPrepared(intent, fs.storedInode(intent.ino))),
  )
}
