// What every call of the bridge needs: the vfs, what the kernel may keep and for how long, and its books
// (lookup counts), which are taken back where a reply is lost.

import type { EntryReply, OpenReply, Request } from '../fuse/handler.js'
import { OpenReplyFlag } from '../fuse/wire/flags.js'
import { opensForWriting } from '../posix/open-flags.js'
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
  /** Resolves when the kernel has dropped what it was told to drop of this inode. */
  readonly settled: (ino: number) => Promise<void> | undefined
}

export class BridgeContext {
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

  opened(handle: number, flags: number): OpenReply {
    const openFlags = opensForWriting(flags)
      ? OpenReplyFlag.KEEP_CACHE
      : OpenReplyFlag.KEEP_CACHE | OpenReplyFlag.NOFLUSH
    return { fh: handle, openFlags }
  }
}
