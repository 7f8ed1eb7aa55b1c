// Calls on one inode: its attributes, its bytes, its extended attributes, its locks.

import type { Handler, Request } from '../fuse/handler.js'
import { WriteFlag } from '../fuse/wire/flags.js'
import type { SetattrArguments } from '../fuse/wire/request-types.js'
import { Errno } from '../posix/errno.js'
import { setIdBits } from '../posix/mode.js'
import { O_APPEND, O_DSYNC } from '../posix/open-flags.js'
import { isOwner } from '../posix/permission.js'
import type { Awaitable, Caller, Vfs } from '../vfs/vfs.js'
import type { Inode } from '../volume/inode.js'
import { done, then } from './answer.js'
import type { BridgeContext } from './bridge-context.js'
import { kernelLock, ownerText, vfsLock } from './kernel-caller.js'

export function attributeCalls(context: BridgeContext): Handler {
  const { vfs } = context
  const attributes = (inode: Inode) => context.attributes(inode)
  return {
    getattr: (request, { fh }) =>
      then(vfs.getattr(context.caller(request), request.nodeid, fh), attributes),
    statx: (request, { fh }) =>
      then(vfs.getattr(context.caller(request), request.nodeid, fh), attributes),
    setattr: (request, changes) => {
      const caller = context.caller(request)
      const changed = isEmpty(changes)
        ? changeNothing(vfs, caller, request.nodeid)
        : vfs.setattr(caller, request.nodeid, changes, changes.fh)
      return then(changed, attributes)
    },
    access: (request, { mask }) => done(vfs.access(context.caller(request), request.nodeid, mask)),
    statfs: (request) => vfs.statfs(context.caller(request)),
    syncfs: (request) => done(vfs.syncfs(context.caller(request))),
  }
}

function isEmpty({ mode, uid, gid, size, atime, mtime, ctime }: SetattrArguments): boolean {
  return [mode, uid, gid, size, atime, mtime, ctime].every((value) => value === undefined)
}

/**
 * What the kernel makes of chown(path, -1, -1), and sends before a change of bytes that takes set-id bits. From
 * the owner it takes them; from anybody else the change that follows does, if one does.
 */
function changeNothing(vfs: Vfs, caller: Caller, ino: number): Awaitable<Inode> {
  return then(vfs.getattr(caller, ino), (inode) => {
    const killSuidgid = isOwner(caller, inode) && setIdBits(inode.mode, false) !== 0
    return vfs.setattr(caller, ino, { killSuidgid })
  })
}

export function fileCalls(context: BridgeContext): Handler {
  const { vfs } = context
  const size = (bytes: number) => ({ size: bytes })
  const open = (request: Request, flags: number, keepsPages = true) =>
    then(vfs.open(context.caller(request), request.nodeid, flags), (handle) => {
      request.onReplyFailed(() => void vfs.release(context.caller(request), handle))
      return context.opened(handle, flags, keepsPages)
    })
  return {
    open: (request, { flags }) => {
      // Else KEEP_CACHE would pair the pages of before with the size of now; without it the kernel drops them.
      const outstanding = context.options.settled(request.nodeid)
      if (!outstanding) return open(request, flags)
      return outstanding.then((isDropped) => open(request, flags, isDropped))
    },
    read: (request, { fh, offset, size: length }) =>
      vfs.read(context.caller(request), fh, offset, length),
    write: (request, { fh, offset, data, flags, writeFlags }) => {
      const fromMapping = (writeFlags & WriteFlag.CACHE) !== 0
      const written = vfs.write(context.caller(request), fh, offset, data, {
        append: (flags & O_APPEND) !== 0 && !fromMapping,
        fromMapping,
        killSuidgid: (writeFlags & WriteFlag.KILL_SUIDGID) !== 0,
      })
      // The kernel follows a write through its page cache by an FSYNC; one that passes it by it does not.
      if (!(flags & O_DSYNC) || fromMapping || !context.isDirect(flags)) return then(written, size)
      return then(written, (bytes) =>
        then(vfs.fsync(context.caller(request), fh, true), () => size(bytes)),
      )
    },
    flush: (request, { fh, lockOwner }) =>
      done(vfs.flush(context.caller(request), fh, ownerText(lockOwner))),
    release: (request, { fh, lockOwner }) =>
      done(vfs.release(context.caller(request), fh, lockOwner && ownerText(lockOwner))),
    fsync: (request, { fh, datasync }) => done(vfs.fsync(context.caller(request), fh, datasync)),
    fallocate: (request, { fh, mode, offset, length }) =>
      done(vfs.fallocate(context.caller(request), fh, mode, offset, length)),
    lseek: (request, { fh, offset, whence }) =>
      then(vfs.lseek(context.caller(request), fh, offset, whence), (found) => ({ offset: found })),
    copyFileRange: (request, { fhIn, offsetIn, fhOut, offsetOut, length }) =>
      then(
        vfs.copyFileRange(context.caller(request), fhIn, offsetIn, fhOut, offsetOut, length),
        size,
      ),
  }
}

export function xattrCalls(context: BridgeContext): Handler {
  const { vfs } = context
  return {
    getxattr: (request, { name }) =>
      then(
        vfs.getxattr(context.caller(request), request.nodeid, name),
        (value) => value ?? Errno.ENODATA,
      ),
    listxattr: (request) => vfs.listxattr(context.caller(request), request.nodeid),
    setxattr: (request, { name, value, flags, killSgid }) =>
      done(vfs.setxattr(context.caller(request), request.nodeid, name, value, flags, killSgid)),
    removexattr: (request, { name }) =>
      done(vfs.removexattr(context.caller(request), request.nodeid, name)),
  }
}

/** Asked only where the mount does not leave locks to the kernel. */
export function lockCalls(context: BridgeContext): Handler {
  const { vfs } = context
  return {
    getlk: (request, args) =>
      then(vfs.getlk(context.caller(request), request.nodeid, vfsLock(args)), (lock) => ({
        lock: lock ? kernelLock(lock) : { ...args.lock, type: 2 },
      })),
    setlk: (request, args) =>
      done(vfs.setlk(context.caller(request), request.nodeid, vfsLock(args))),
    setlkw: (request, args) =>
      done(vfs.setlkw(context.caller(request), request.nodeid, vfsLock(args))),
  }
}
