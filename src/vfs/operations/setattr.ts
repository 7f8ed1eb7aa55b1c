// chmod, chown, utimensat, truncate. A change of size goes to the spool, as a write does; attributes of
// a file with unsaved bytes go with these; everything else is a change of its own.

import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory, isRegular } from '../../posix/mode.js'
import { MAY_WRITE } from '../../posix/permission.js'
import type { Inode, Timespec } from '../../volume/inode.js'
import type { FileSystem } from '../file-system.js'
import { FileHandle } from '../handles.js'
import { type SettledChanges, withChanges } from '../intents/setattr.js'
import { fileBytesMax } from '../limits.js'
import type { OpenFile } from '../open-file.js'
import type { AttributeChanges, Awaitable, Caller, Handle } from '../vfs.js'
import { isKnownOutside, modeDropped, modified } from './write.js'

export function setattr(
  fs: FileSystem,
  caller: Caller,
  ino: number,
  changes: AttributeChanges,
  handle?: Handle,
): Awaitable<Inode> {
  fs.checkWritable()
  const settled = settle(changes, fs.now(), isOutsider(fs, caller, ino, changes))
  if (changes.size === undefined) return setAttributes(fs, caller, ino, settled)
  const truncated = setSize(fs, caller, ino, changes.size, changes.killSuidgid === true, handle)
  const { dropSetId: _dropped, ...others } = settled
  const alone = Object.values(others).every((value) => value === undefined || value === false)
  const next = () => (alone ? fs.inode(ino) : setAttributes(fs, caller, ino, others))
  return truncated ? truncated.then(next) : next()
}

/** A chown takes the set-group-id bit from an owner outside the group too; only here is known who is. */
function isOutsider(
  fs: FileSystem,
  caller: Caller,
  ino: number,
  changes: AttributeChanges,
): boolean {
  const { mode, uid, gid, size, killSuidgid } = changes
  const takesSetId = uid !== undefined || gid !== undefined || killSuidgid === true
  const isDecided = mode !== undefined || size !== undefined || fs.options.checkPermissions
  if (!takesSetId || isDecided) return false
  const inode = fs.inode(ino)
  return isRegular(inode) && isKnownOutside(caller, inode)
}

/** `'now'` becomes one moment for both times. */
function settle(changes: AttributeChanges, now: Timespec, outsider: boolean): SettledChanges {
  const { mode, uid, gid, ctime } = changes
  const atime = changes.atime === 'now' ? now : changes.atime
  const mtime = changes.mtime === 'now' ? now : changes.mtime
  const touch = changes.atime === 'now' && changes.mtime === 'now'
  const dropSetId = changes.killSuidgid === true
  return { mode, uid, gid, atime, mtime, ctime, touch, dropSetId, outsider }
}

function setAttributes(
  fs: FileSystem,
  caller: Caller,
  ino: number,
  changes: SettledChanges,
): Awaitable<Inode> {
  const file = fs.files.get(ino)
  const as = fs.as(caller)
  const time = fs.now()
  if (file?.dirty) {
    if (file.running) return file.running.then(() => setAttributes(fs, caller, ino, changes))
    if (!fs.saves.decide(file)) throw new FsError(Errno.EIO, 'a save is not decided yet')
    if (!file.unsaved) return setAttributes(fs, caller, ino, changes)
    const after = withChanges(fs.inode(ino), { changes, time, as })
    file.defer(deferrable(changes, after), time, fs.storedInode(ino))
    fs.saves.schedule(file)
    return fs.inode(ino)
  }
  const stored = fs.storedInode(ino)
  if (fs.isOrphan(ino)) {
    fs.inodes.setOrphan(withChanges(stored, { changes, time, as }))
    return fs.storedInode(ino)
  }
  return fs.change<Inode>(caller, { kind: 'setattr', ino, changes, time, as })
}

/** The change as it comes out now: what was checked is not to be decided again when it is saved. */
function deferrable(changes: SettledChanges, after: Inode): SettledChanges {
  const { uid, gid, atime, mtime } = changes
  const chown = uid !== undefined || gid !== undefined
  const mode = changes.mode !== undefined || chown || changes.dropSetId ? after.mode : undefined
  // Only what is changed stands in it at all: it is laid over what was changed before.
  const kept: { -readonly [Key in keyof SettledChanges]: SettledChanges[Key] } = {}
  if (mode !== undefined) kept.mode = mode
  if (uid !== undefined) kept.uid = uid
  if (gid !== undefined) kept.gid = gid
  if (mtime) kept.mtime = mtime
  if (mtime) kept.atime = after.atime
  if (atime) kept.atime = atime
  return kept
}

/**
 * Undefined: done, in the spool of an open file. Without a handle it is saved before it is answered,
 * unless the caller has the file open for writing: then it is an open with O_TRUNC (the kernel asks for
 * both one after the other), and what is written next is saved with it.
 */
function setSize(
  fs: FileSystem,
  caller: Caller,
  ino: number,
  size: number,
  killSuidgid: boolean,
  handle: Handle | undefined,
): Promise<void> | undefined {
  const inode = fs.inode(ino)
  if (isDirectory(inode)) throw new FsError(Errno.EISDIR)
  if (!isRegular(inode) || size < 0) throw new FsError(Errno.EINVAL)
  if (handle === undefined) fs.check(caller, inode, MAY_WRITE)
  else if (!fs.handles.file(handle).writable) throw new FsError(Errno.EINVAL)
  if (size > fileBytesMax) throw new FsError(Errno.EFBIG)
  fs.checkSavable(ino)
  const file = fs.file(ino)
  const stored = fs.storedInode(ino)
  file.writable().truncate(size)
  modified(fs, file, stored, modeDropped(fs, caller, file, killSuidgid))
  return handle === undefined && !isWriter(fs, file, caller) ? saveTruncated(fs, file) : undefined
}

function isWriter(fs: FileSystem, file: OpenFile, { pid }: Caller): boolean {
  if (file.handles === 0) return false
  for (const handle of fs.handles.all())
    if (handle instanceof FileHandle && handle.file === file && handle.pid === pid)
      if (handle.writable) return true
  return false
}

function saveTruncated(fs: FileSystem, file: OpenFile): Promise<void> | undefined {
  const saving = fs.saves.save(file)
  if (!saving) fs.settleFile(file)
  return saving?.then((error) => {
    if (error && file.handles === 0) {
      file.errorTold()
      file.discard()
    }
    fs.settleFile(file)
    if (error) throw error
  })
}
