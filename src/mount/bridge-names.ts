// Calls that look names up, make them, and take them away.

import type { Handler, Request } from '../fuse/handler.js'
import { Errno } from '../posix/errno.js'
import type { Created } from '../vfs/vfs.js'
import type { Inode } from '../volume/inode.js'
import { done, then } from './answer.js'
import type { BridgeContext } from './bridge-context.js'

export function nameCalls(context: BridgeContext): Handler {
  const { vfs } = context
  const absent = context.options.negativeLifetimeMs
    ? ({ nodeid: 0, entryTtlMs: context.options.negativeLifetimeMs } as const)
    : Errno.ENOENT
  return {
    lookup: (request, { name }) =>
      then(vfs.lookup(context.caller(request), request.nodeid, name), (inode) =>
        inode ? context.entry(request, inode) : absent,
      ),
    forget: (_request, { nodeid, nlookup }) => vfs.forget(nodeid, nlookup),
    batchForget: (_request, { forgets }) => {
      for (const { nodeid, nlookup } of forgets) vfs.forget(nodeid, nlookup)
    },
    unlink: (request, { name }) => done(vfs.unlink(context.caller(request), request.nodeid, name)),
    rmdir: (request, { name }) => done(vfs.rmdir(context.caller(request), request.nodeid, name)),
    rename: (request, { name, newParent, newName, flags }) =>
      done(vfs.rename(context.caller(request), request.nodeid, name, newParent, newName, flags)),
    readlink: (request) => vfs.readlink(context.caller(request), request.nodeid),
  }
}

export function makingCalls(context: BridgeContext): Handler {
  const { vfs } = context
  const made = (request: Request) => (inode: Inode) => context.entry(request, inode)
  const created = (request: Request, flags: number) => (result: Created) => {
    const { ino } = result.inode
    vfs.remember(ino, 1)
    request.onReplyFailed(() => {
      vfs.forget(ino, 1)
      void vfs.release(context.caller(request), result.handle)
    })
    return { entry: context.entryOf(result.inode), open: context.opened(result.handle, flags) }
  }
  return {
    symlink: (request, { name, target }) =>
      then(vfs.symlink(context.caller(request), request.nodeid, name, target), made(request)),
    mknod: (request, { name, mode, umask, rdev }) =>
      then(
        vfs.mknod(context.caller(request, umask), request.nodeid, name, mode, rdev),
        made(request),
      ),
    mkdir: (request, { name, mode, umask }) =>
      then(vfs.mkdir(context.caller(request, umask), request.nodeid, name, mode), made(request)),
    link: (request, { oldNodeid, newName }) =>
      then(vfs.link(context.caller(request), oldNodeid, request.nodeid, newName), made(request)),
    create: (request, { name, mode, umask, flags }) =>
      then(
        vfs.create(context.caller(request, umask), request.nodeid, name, mode, flags),
        created(request, flags),
      ),
    tmpfile: (request, { mode, umask, flags }) =>
      then(
        vfs.tmpfile(context.caller(request, umask), request.nodeid, mode, flags),
        created(request, flags),
      ),
  }
}
