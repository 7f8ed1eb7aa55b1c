// The FUSE handler over a vfs: turns requests into calls, inodes into replies, and keeps the kernel's
// books (lookup counts, lifetimes, what it may cache). POSIX is the vfs' business, not this file's.

import type {
  DirectoryEntry,
  DirectoryEntryPlus,
  DirectoryList,
  EntryReply,
  Handler,
  OpenReply,
  Request,
} from '../fuse/handler.js'
import { OpenReplyFlag, WriteFlag } from '../fuse/wire/flags.js'
import { Errno } from '../posix/errno.js'
import { O_APPEND, opensForWriting } from '../posix/open-flags.js'
import type { Awaitable, Caller, Created, DirectoryEntry as Listed, Vfs } from '../vfs/vfs.js'
import type { Inode } from '../volume/inode.js'
import type { Uuid } from '../volume/record.js'
import { done, then } from './answer.js'
import { kernelAttributes, type PresentedOwner } from './kernel-attributes.js'
import { callerOf, kernelLock, ownerText, vfsLock } from './kernel-caller.js'

export interface BridgeOptions {
  readonly vfs: Vfs
  /** Tells this mount's requests from others' in the log. */
  readonly mount: Uuid
  /** How long the kernel may use an answer; it is told of changes before (0: not at all). */
  readonly lifetimeMs: number
  /** The same for absent names. */
  readonly negativeLifetimeMs: number
  readonly present: PresentedOwner
  /** The kernel needs no OPENDIR: answered ENOSYS, so that a warm listing costs no request. */
  readonly withoutOpendir: boolean
  /** Resolves when the kernel has dropped what it was told to drop of this inode. */
  readonly settled: (ino: number) => Promise<void> | undefined
}

/** Entries of one READDIRPLUS-ed directory that are looked up along; behind them names alone. */
const plusEntriesMax = 10_000

export function createBridge(options: BridgeOptions): Handler {
  const context = new BridgeContext(options)
  return {
    ...nameCalls(context),
    ...makingCalls(context),
    ...attributeCalls(context),
    ...fileCalls(context),
    ...directoryCalls(context),
    ...xattrCalls(context),
    ...lockCalls(context),
  }
}

/** What every call needs. */
class BridgeContext {
  readonly vfs: Vfs
  readonly lifetimeMs: number
  readonly options: BridgeOptions

  constructor(options: BridgeOptions) {
    this.vfs = options.vfs
    this.lifetimeMs = options.lifetimeMs
    this.options = options
  }

  caller(request: Request, umask = 0): Caller {
    return callerOf(request, this.options.mount, umask)
  }

  attributes(inode: Inode) {
    const attributes = kernelAttributes(inode, this.options.present)
    return { attributes, attrTtlMs: this.lifetimeMs }
  }

  /** An entry that the kernel now holds one more lookup of; taken back where the reply is lost. */
  entry(request: Request, inode: Inode): EntryReply {
    const { ino } = inode
    this.vfs.remember(ino, 1)
    request.onReplyFailed(() => this.vfs.forget(ino, 1))
    return this.entryOf(inode)
  }

  entryOf(inode: Inode): EntryReply {
    return {
      nodeid: inode.ino,
      generation: 0,
      attributes: kernelAttributes(inode, this.options.present),
      entryTtlMs: this.lifetimeMs,
      attrTtlMs: this.lifetimeMs,
    }
  }

  opened(handle: number, flags: number): OpenReply {
    const openFlags = opensForWriting(flags)
      ? OpenReplyFlag.KEEP_CACHE
      : OpenReplyFlag.KEEP_CACHE | OpenReplyFlag.NOFLUSH
    return { fh: handle, openFlags }
  }
}

function nameCalls(context: BridgeContext): Handler {
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

function makingCalls(context: BridgeContext): Handler {
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

function attributeCalls(context: BridgeContext): Handler {
  const { vfs } = context
  const attributes = (inode: Inode) => context.attributes(inode)
  return {
    getattr: (request, { fh }) =>
      then(vfs.getattr(context.caller(request), request.nodeid, fh), attributes),
    statx: (request, { fh }) =>
      then(vfs.getattr(context.caller(request), request.nodeid, fh), attributes),
    setattr: (request, { fh, ...changes }) =>
      then(vfs.setattr(context.caller(request), request.nodeid, changes, fh), attributes),
    access: (request, { mask }) => done(vfs.access(context.caller(request), request.nodeid, mask)),
    statfs: (request) => vfs.statfs(context.caller(request)),
    syncfs: (request) => done(vfs.syncfs(context.caller(request))),
  }
}

function fileCalls(context: BridgeContext): Handler {
  const { vfs } = context
  const size = (bytes: number) => ({ size: bytes })
  const open = (request: Request, flags: number) =>
    then(vfs.open(context.caller(request), request.nodeid, flags), (handle) => {
      request.onReplyFailed(() => void vfs.release(context.caller(request), handle))
      return context.opened(handle, flags)
    })
  return {
    open: (request, { flags }) => {
      // Else KEEP_CACHE would pair the pages of before with the size of now.
      const outstanding = context.options.settled(request.nodeid)
      return outstanding ? outstanding.then(() => open(request, flags)) : open(request, flags)
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
      return then(written, size)
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

function directoryCalls(context: BridgeContext): Handler {
  const { vfs } = context
  return {
    opendir: (request) => {
      if (context.options.withoutOpendir) return Errno.ENOSYS
      return then(vfs.opendir(context.caller(request), request.nodeid), (handle) => {
        request.onReplyFailed(() => vfs.releasedir(context.caller(request), handle))
        return { fh: handle, openFlags: OpenReplyFlag.KEEP_CACHE | OpenReplyFlag.CACHE_DIR }
      })
    },
    readdir: (request, { fh, offset }, list) =>
      listing(context, request, fh, offset, (entry) => list.add(plain(entry))),
    readdirplus: (request, { fh, offset }, list) =>
      listing(context, request, fh, offset, plusAdder(context, request, list)),
    releasedir: (request, { fh }) => {
      vfs.releasedir(context.caller(request), fh)
      return undefined
    },
    fsyncdir: (request, { fh }) =>
      fh
        ? done(vfs.fsyncdir(context.caller(request), fh))
        : done(vfs.syncfs(context.caller(request))),
  }
}

/** A kernel that was answered ENOSYS to OPENDIR reads directories by handle 0. */
function listing(
  context: BridgeContext,
  request: Request,
  handle: number,
  offset: number,
  add: (entry: Listed) => boolean,
) {
  const { vfs } = context
  const caller = context.caller(request)
  if (handle !== 0) return done(vfs.readdir(caller, handle, offset, add))
  return then(vfs.opendir(caller, request.nodeid), (own) => {
    let listed: Awaitable<void>
    try {
      listed = vfs.readdir(caller, own, offset, add)
    } catch (error) {
      vfs.releasedir(caller, own)
      throw error
    }
    if (listed instanceof Promise)
      return listed.finally(() => vfs.releasedir(caller, own)).then(() => undefined)
    vfs.releasedir(caller, own)
    return undefined
  })
}

function plain(entry: Listed): DirectoryEntry {
  return { name: entry.name, ino: entry.ino, type: entry.type >> 12, offset: entry.offset }
}

/** Looks each entry up along the way, while its inode is at hand; all lost with a lost reply. */
function plusAdder(
  context: BridgeContext,
  request: Request,
  list: DirectoryList<DirectoryEntryPlus>,
): (entry: Listed) => boolean {
  const { vfs } = context
  const caller = context.caller(request)
  const remembered: number[] = []
  request.onReplyFailed(() => {
    for (const ino of remembered) vfs.forget(ino, 1)
  })
  return (listed) => {
    const known = remembered.length < plusEntriesMax && !isDot(listed.name)
    const inode = known ? vfs.lookup(caller, request.nodeid, listed.name) : undefined
    const attached = inode && !(inode instanceof Promise) && inode.ino === listed.ino
    const entry = attached ? context.entryOf(inode) : undefined
    if (!list.add({ ...plain(listed), entry })) return false
    if (!entry) return true
    vfs.remember(listed.ino, 1)
    remembered.push(listed.ino)
    return true
  }
}

function isDot(name: string): boolean {
  return name === '.' || name === '..'
}

function xattrCalls(context: BridgeContext): Handler {
  const { vfs } = context
  return {
    getxattr: (request, { name }) => vfs.getxattr(context.caller(request), request.nodeid, name),
    listxattr: (request) => vfs.listxattr(context.caller(request), request.nodeid),
    setxattr: (request, { name, value, flags, killSgid }) =>
      done(vfs.setxattr(context.caller(request), request.nodeid, name, value, flags, killSgid)),
    removexattr: (request, { name }) =>
      done(vfs.removexattr(context.caller(request), request.nodeid, name)),
  }
}

/** Asked only where the mount does not leave locks to the kernel. */
function lockCalls(context: BridgeContext): Handler {
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
