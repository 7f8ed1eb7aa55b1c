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
  // The kernel's copy of a listing has no lifetime of its own: without lifetimes it keeps none.
  const openFlags = context.lifetimeMs > 0 ? OpenReplyFlag.KEEP_CACHE | OpenReplyFlag.CACHE_DIR : 0
  return {
    opendir: (request) => {
      if (context.options.withoutOpendir) return Errno.ENOSYS
      return then(vfs.opendir(context.caller(request), request.nodeid), (handle) => {
        request.onReplyFailed(() => vfs.releasedir(context.caller(request), handle))
        return { fh: handle, openFlags }
      })
    },
    readdir: (request, { fh, offset }, list) =>
      listing(context, request, fh, offset, (entry) => list.add(plain(entry))),
    readdirplus: (request, { fh, offset }, list) => {
      if (offset === 0) given.begin(request.nodeid)
      return plusListing(context, request, fh, offset, given, list)
    },
    releasedir: (request, { fh }) => {
      vfs.releasedir(context.caller(request), fh)
      return undefined
    },
    fsyncdir: (request, { fh }) => {
      const caller = context.caller(request)
      return withDirectory(context, request, fh, (handle) => done(vfs.fsyncdir(caller, handle)))
    },
  }
}

function listing(
  context: BridgeContext,
  request: Request,
  handle: number,
  offset: number,
  add: (entry: Listed) => boolean,
) {
  const caller = context.caller(request)
  return withDirectory(context, request, handle, (open) =>
    done(context.vfs.readdir(caller, open, offset, add)),
  )
}

/** A kernel that was answered ENOSYS to OPENDIR names directories by handle 0. */
function withDirectory(
  context: BridgeContext,
  request: Request,
  handle: number,
  use: (handle: number) => Awaitable<undefined>,
): Awaitable<undefined> {
  if (handle !== 0) return use(handle)
  const { vfs } = context
  const caller = context.caller(request)
  return then(vfs.opendir(caller, request.nodeid), (own) => {
    let used: Awaitable<undefined>
    try {
      used = use(own)
    } catch (error) {
      vfs.releasedir(caller, own)
      throw error
    }
    if (used instanceof Promise) return used.finally(() => vfs.releasedir(caller, own))
    vfs.releasedir(caller, own)
    return undefined
  })
}

function plain(entry: Listed): DirectoryEntry {
  return { name: entry.name, ino: entry.ino, type: entry.type >> 12, offset: entry.offset }
}

/** With a reply that is lost, or is an error after all, its lookups are lost too. */
function plusListing(
  context: BridgeContext,
  request: Request,
  handle: number,
  offset: number,
  given: PlusGiven,
  list: DirectoryList<DirectoryEntryPlus>,
): Awaitable<undefined> {
  const remembered: number[] = []
  const takeBack = () => {
    for (const ino of remembered.splice(0)) context.vfs.forget(ino, 1)
  }
  request.onReplyFailed(takeBack)
  const failed = (error: unknown) => {
    takeBack()
    throw error
  }
  const add = plusAdder(context, request, given, list, remembered)
  try {
    const listed = listing(context, request, handle, offset, add)
    return listed instanceof Promise ? listed.catch(failed) : listed
  } catch (error) {
    return failed(error)
  }
}

/**
 * Looks entries up along the way, while their inodes are at hand. Not all of a huge directory: each one
 * looked up is an inode that the kernel holds.
 */
function plusAdder(
  context: BridgeContext,
  request: Request,
  given: PlusGiven,
  list: DirectoryList<DirectoryEntryPlus>,
  remembered: number[],
): (entry: Listed) => boolean {
  const { vfs } = context
  const caller = context.caller(request)
  return (listed) => {
    const isWanted = given.has(request.nodeid, plusEntriesMax) && !isDot(listed.name)
    const found = isWanted ? vfs.lookup(caller, request.nodeid, listed.name) : undefined
    const inode = found instanceof Promise ? undefined : found
    // An entry that has to be waited for goes without; the kernel looks it up, and hears the error then.
    if (found instanceof Promise) found.catch(() => undefined)
    const entry = inode?.ino === listed.ino ? context.entryOf(inode) : undefined
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
