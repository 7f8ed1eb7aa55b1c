import { readThrough } from '../../content/overlay.js'
import { Errno, FsError } from '../../posix/errno.js'
import { S_ISGID, S_IXGRP, setIdBits } from '../../posix/mode.js'
import { isMember } from '../../posix/permission.js'
import type { Inode } from '../../volume/inode.js'
import { then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import { fileBytesMax } from '../limits.js'
import type { OpenFile } from '../open-file.js'
import type { Awaitable, Caller, Handle, WriteOptions } from '../vfs.js'
import { loadXattrSet } from '../xattr-set.js'
import { dropXattr } from './setxattr.js'

const capabilityName = 'security.capability'

/**
 * Into the spool; never waits for an old block, but for a page of a mapping, which is compared with it, nor for
 * the store, but where the file has capabilities to lose.
 */
export function write(
  fs: FileSystem,
  caller: Caller,
  id: Handle,
  offset: number,
  data: Uint8Array,
  options: WriteOptions = {},
): Awaitable<number> {
  const { file, writable } = fs.handles.file(id)
  if (options.fromMapping) return writeMapped(fs, caller, file, offset, data, options)
  if (!writable) throw new FsError(Errno.EBADF)
  if (offset < 0) throw new FsError(Errno.EINVAL)
  if (data.length === 0) return 0
  const lost = loseCapabilities(fs, caller, file.ino)
  if (!lost) return writeNow(fs, caller, id, offset, data, options)
  const copy = Buffer.from(data)
  return lost.then(() => writeNow(fs, caller, id, offset, copy, options))
}

function writeNow(
  fs: FileSystem,
  caller: Caller,
  id: Handle,
  offset: number,
  data: Uint8Array,
  options: WriteOptions,
): number {
  const { file, appends } = fs.handles.file(id)
  const drops = modeDropped(fs, caller, file, options.killSuidgid === true)
  const stored = fs.storedInode(file.ino)
  const append = options.append ?? appends
  const at = append ? (file.spool?.size(stored.size) ?? stored.size) : offset
  if (at >= fileBytesMax) throw new FsError(Errno.EFBIG)
  fs.checkSavable(file.ino)
  const taken = data.subarray(0, fileBytesMax - at)
  file.writable().write(offset, taken, stored.size, append)
  modified(fs, file, stored, drops)
  return taken.length
}

/**
 * Capabilities do not outlive a change of the bytes that they were given to. With FUSE_HANDLE_KILLPRIV_V2 the
 * kernel leaves that to the file system where a write does not go through its page cache.
 */
function loseCapabilities(fs: FileSystem, caller: Caller, ino: number): Promise<void> | undefined {
  const inode = fs.inode(ino)
  if (!inode.xattrBlock && !inode.xattrs.has(capabilityName)) return undefined
  const lost = then(loadXattrSet(fs.content, inode), (xattrs) =>
    xattrs.has(capabilityName) ? dropXattr(fs, caller, ino, capabilityName) : undefined,
  )
  return lost instanceof Promise ? lost : undefined
}

/** The kernel writes back what programs stored through a mapping, whatever handle it finds for it. */
function writeMapped(
  fs: FileSystem,
  caller: Caller,
  file: OpenFile,
  offset: number,
  data: Uint8Array,
  options: WriteOptions,
): Awaitable<number> {
  const drops = modeDropped(fs, caller, file, options.killSuidgid === true)
  const store = (bytes: Uint8Array, shown: readonly Buffer[]) => {
    const stored = fs.storedInode(file.ino)
    if (!differs(bytes, shown)) return data.length
    file.writable().writeMapped(offset, bytes, stored.size, shown)
    modified(fs, file, stored, drops)
    return data.length
  }
  const stored = fs.storedInode(file.ino)
  const shown = readThrough(fs.content, file.spool, stored, offset, data.length)
  if (!(shown instanceof Promise)) return store(data, shown)
  const copy = Buffer.from(data)
  return shown.then((buffers) => store(copy, buffers))
}

/** Whether a page says anything new of the bytes that the file has. */
function differs(data: Uint8Array, shown: readonly Buffer[]): boolean {
  let at = 0
  for (const piece of shown) {
    if (Buffer.compare(data.subarray(at, at + piece.length), piece) !== 0) return true
    at += piece.length
  }
  return false
}

/** The bytes of `file` changed in its spool: its times move, and it is saved in time. */
export function modified(fs: FileSystem, file: OpenFile, stored: Inode, modeDropped: number): void {
  file.modified(fs.now(), stored, modeDropped)
  fs.saves.schedule(file)
}

/** The set-id bits that a change of content by this caller takes; `asked`: the kernel says it does. */
export function modeDropped(
  fs: FileSystem,
  caller: Caller,
  file: OpenFile,
  asked: boolean,
): number {
  const checked = fs.options.checkPermissions && caller.uid !== 0
  if (!asked && !checked) return 0
  const inode = fs.inode(file.ino)
  const isOutside = checked ? !isMember(caller, inode.gid) : isKnownOutside(caller, inode)
  return setIdBits(inode.mode, isOutside)
}

/** Where the kernel checks permissions, whose groups it does not tell: of root, and where it is unknown, false. */
export function isKnownOutside(caller: Caller, { mode, gid }: Inode): boolean {
  const isDecisive = (mode & (S_ISGID | S_IXGRP)) === S_ISGID
  if (!isDecisive || caller.uid === 0 || isMember(caller, gid)) return false
  const groups = caller.findGroups?.()
  return groups !== undefined && !groups.includes(gid)
}
