// Calls that list directories.

import type {
  DirectoryEntry,
  DirectoryEntryPlus,
  DirectoryList,
  Handler,
  Request,
} from '../fuse/handler.js'
import { OpenReplyFlag } from '../fuse/wire/flags.js'
import { Errno } from '../posix/errno.js'
import type { Awaitable, DirectoryEntry as Listed } from '../vfs/vfs.js'
import { done, then } from './answer.js'
import type { BridgeContext } from './bridge-context.js'

/** Entries of one directory that READDIRPLUS looks up along; behind them come names alone. */
const plusEntriesMax = 10_000
/** Directories whose listings are counted at a time. */
const listingsMax = 256

export function directoryCalls(context: BridgeContext): Handler {
  const { vfs } = context
  const given = new PlusGiven()
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
    readdirplus: (request, { fh, offset }, list) => {
      if (offset === 0) given.begin(request.nodeid)
      return listing(context, request, fh, offset, plusAdder(context, request, given, list))
    },
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

/**
 * Looks entries up along the way, while their inodes are at hand. Not all of a huge directory: each one
 * looked up is an inode that the kernel holds. With a lost reply its lookups are lost too.
 */
function plusAdder(
  context: BridgeContext,
  request: Request,
  given: PlusGiven,
  list: DirectoryList<DirectoryEntryPlus>,
): (entry: Listed) => boolean {
  const { vfs } = context
  const caller = context.caller(request)
  const remembered: number[] = []
  request.onReplyFailed(() => {
    for (const ino of remembered) vfs.forget(ino, 1)
  })
  return (listed) => {
    const isWanted = given.has(request.nodeid, plusEntriesMax) && !isDot(listed.name)
    const inode = isWanted ? vfs.lookup(caller, request.nodeid, listed.name) : undefined
    const attached = inode && !(inode instanceof Promise) && inode.ino === listed.ino
    const entry = attached ? context.entryOf(inode) : undefined
    if (!list.add({ ...plain(listed), entry })) return false
    if (!entry) return true
    given.add(request.nodeid)
    vfs.remember(listed.ino, 1)
    remembered.push(listed.ino)
    return true
  }
}

/** How many entries of a directory were looked up since its listing began. */
class PlusGiven {
  readonly #counts = new Map<number, number>()

  /** A listing begins anew. */
  begin(directory: number): void {
    this.#counts.delete(directory)
  }

  has(directory: number, roomFor: number): boolean {
    return (this.#counts.get(directory) ?? 0) < roomFor
  }

  add(directory: number): void {
    const count = this.#counts.get(directory) ?? 0
    if (count === 0 && this.#counts.size >= listingsMax) this.#counts.clear()
    this.#counts.set(directory, count + 1)
  }
}

function isDot(name: string): boolean {
  return name === '.' || name === '..'
}
