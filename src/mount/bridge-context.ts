// What every call of the bridge needs: the vfs, what the kernel may keep and for how long, and its books
// (lookup counts), which are taken back where a reply is lost.

import type { EntryReply, OpenReply, Request } from '../fuse/handler.js'
import type { Negotiated } from '../fuse/handshake.js'
import { OpenReplyFlag } from '../fuse/wire/flags.js'
import { opensForReading, opensForWriting } from '../posix/open-flags.js'
import type { Caller, Vfs } from '../vfs/vfs.js'
import type { Inode } from '../volume/inode.js'
import type { Uuid } from '../volume/record.js'
import { kernelAttributes, type PresentedOwner } from './kernel-attributes.js'
import { callerOf } from './kernel-caller.js'

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
  /** Handles that only write may pass the kernel's page cache by. */
  readonly directWrites: boolean
  /** Resolves when the kernel has dropped what it was told to drop of this inode; false: it may not have. */
  readonly settled: (ino: number) => Promise<boolean> | undefined
}

export class BridgeContext {
  readonly vfs: Vfs
  readonly lifetimeMs: number
  readonly options: BridgeOptions
  /** The kernel keeps its pages true beside handles that pass them by. */
  #isSafe = false

  constructor(options: BridgeOptions) {
    this.vfs = options.vfs
    this.lifetimeMs = options.lifetimeMs
    this.options = options
  }

  /** Before the first request. */
  agreed({ flags }: Negotiated): void {
    this.#isSafe = this.options.directWrites && flags.has('DIRECT_IO_ALLOW_MMAP')
  }

  caller(request: Request, umask = 0): Caller {
    return callerOf(request, this.options.mount, umask)
  }

  attributes(inode: Inode) {
    return { attributes: this.#attributesOf(inode), attrTtlMs: this.lifetimeMs }
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
      attributes: this.#attributesOf(inode),
      entryTtlMs: this.lifetimeMs,
      attrTtlMs: this.lifetimeMs,
    }
  }

  #attributesOf(inode: Inode) {
    return kernelAttributes(inode, this.options.present, this.vfs.isUnsaved(inode.ino))
  }

  /**
   * Through a handle that only writes each write(2) is one request: through the page cache it is two where it
   * begins within a page, and one more for what the file may be allowed to do.
   */
  opened(handle: number, flags: number, keepsPages = true): OpenReply {
    const writes = this.isDirect(flags) ? OpenReplyFlag.DIRECT_IO : 0
    const own = opensForWriting(flags) ? writes : OpenReplyFlag.NOFLUSH
    return { fh: handle, openFlags: (keepsPages ? OpenReplyFlag.KEEP_CACHE : 0) | own }
  }

  /** Whether what is written through a handle of these flags passes the kernel's page cache by. */
  isDirect(flags: number): boolean {
    return this.#isSafe && !opensForReading(flags)
  }
}
