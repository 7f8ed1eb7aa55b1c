// What a file system may answer: one optional method for each request of the kernel. A method that
// is missing answers ENOSYS, which for many requests tells the kernel never to ask again.
//
// Every method but forget and batchForget is answered exactly once, in one of these ways:
//   a reply object  success, answered in the same tick without a promise: the fast path
//   a number        the error number, positive: the fast path of a miss
//   a promise       of either
//   a throw         an error with a numeric `errno` (FsError, Node's own) is that number, negative
//                   or positive; anything else is EIO and a line in the log
//
// Not here: what the bytes look like (wire/), when a method is called (connection.ts).

import type { Negotiated } from './handshake.js'
import type * as reply from './wire/reply-types.js'
import type * as ask from './wire/request-types.js'

export type { InitFlag, Negotiated } from './handshake.js'
export type * from './wire/reply-types.js'
export type * from './wire/request-types.js'

/** A reply, or a positive error number; at once, or later. */
export type Answer<T> = T | number | Promise<T | number>

/** The answer of a request whose success says nothing more. */
export type Done = Answer<undefined>

/** Who asks, and about what. Valid until the request is answered. */
export interface Request {
  /** FUSE_* number; its name is in wire/opcodes.ts. */
  readonly opcode: number
  /** The request's number as two u32. Bit 31 of `uniqueHi`: it was delivered before (RESEND). */
  readonly uniqueLo: number
  readonly uniqueHi: number
  /** The request's number in hexadecimal, for logs. */
  readonly unique: string
  /** The inode that the request is about; 1 is the root, 0 is none. */
  readonly nodeid: number
  readonly uid: number
  readonly gid: number
  /** The thread that asks, in the pid namespace of the mount; 0 when the kernel itself does. */
  readonly pid: number
  /**
   * The group that the caller is a member of and that the parent directory belongs to, where the
   * kernel tells it (CREATE_SUPP_GROUP, creations only). Not the full list of groups.
   */
  readonly groups: readonly number[] | undefined
  /** Aborted when the caller was interrupted or killed. Made when first asked for. */
  readonly signal: AbortSignal
  /**
   * Called when the reply could not be handed over (ENOENT: the request is gone), so that a
   * lookup count or a file handle given by the reply is taken back: the kernel will never forget or
   * release it. One callback a request; the last one set holds.
   */
  onReplyFailed(callback: (errno: number) => void): void
}

export interface Handler {
  /** The kernel is ready; nothing else is called before. Throwing refuses the mount. */
  init?(negotiated: Negotiated): void
  /** The file system was unmounted, or the connection is lost. Called once, after all else. */
  destroy?(): void

  lookup?(
    request: Request,
    args: ask.NameArguments,
  ): Answer<reply.EntryReply | reply.NegativeEntryReply>
  /** No reply. Also called for each item of a BATCH_FORGET when batchForget is missing. */
  forget?(request: Request, args: ask.ForgetArguments): void
  /** No reply. */
  batchForget?(request: Request, args: ask.BatchForgetArguments): void
  getattr?(request: Request, args: ask.GetattrArguments): Answer<reply.AttrReply>
  statx?(request: Request, args: ask.StatxArguments): Answer<reply.AttrReply>
  setattr?(request: Request, args: ask.SetattrArguments): Answer<reply.AttrReply>
  access?(request: Request, args: ask.AccessArguments): Done
  /** The target as a byte string. */
  readlink?(request: Request): Answer<string>

  symlink?(request: Request, args: ask.SymlinkArguments): Answer<reply.EntryReply>
  mknod?(request: Request, args: ask.MknodArguments): Answer<reply.EntryReply>
  mkdir?(request: Request, args: ask.MkdirArguments): Answer<reply.EntryReply>
  unlink?(request: Request, args: ask.NameArguments): Done
  rmdir?(request: Request, args: ask.NameArguments): Done
  /** RENAME and RENAME2. */
  rename?(request: Request, args: ask.RenameArguments): Done
  link?(request: Request, args: ask.LinkArguments): Answer<reply.EntryReply>
  create?(request: Request, args: ask.CreateArguments): Answer<reply.CreateReply>
  tmpfile?(request: Request, args: ask.CreateArguments): Answer<reply.CreateReply>

  open?(request: Request, args: ask.OpenArguments): Answer<reply.OpenReply>
  read?(request: Request, args: ask.ReadArguments): Answer<reply.ReadReply>
  write?(request: Request, args: ask.WriteArguments): Answer<reply.SizeReply>
  flush?(request: Request, args: ask.FlushArguments): Done
  release?(request: Request, args: ask.ReleaseArguments): Done
  fsync?(request: Request, args: ask.FsyncArguments): Done
  fallocate?(request: Request, args: ask.FallocateArguments): Done
  lseek?(request: Request, args: ask.LseekArguments): Answer<reply.OffsetReply>
  /** COPY_FILE_RANGE and COPY_FILE_RANGE_64. */
  copyFileRange?(request: Request, args: ask.CopyFileRangeArguments): Answer<reply.SizeReply>

  opendir?(request: Request, args: ask.OpenArguments): Answer<reply.OpenReply>
  /** Adds entries to `list` until it is full or there are no more; none added is the end. */
  readdir?(
    request: Request,
    args: ask.ReaddirArguments,
    list: reply.DirectoryList<reply.DirectoryEntry>,
  ): Done
  readdirplus?(
    request: Request,
    args: ask.ReaddirArguments,
    list: reply.DirectoryList<reply.DirectoryEntryPlus>,
  ): Done
  releasedir?(request: Request, args: ask.ReleaseArguments): Done
  fsyncdir?(request: Request, args: ask.FsyncArguments): Done

  /** The whole value: the connection answers a question for its size, and ERANGE. */
  getxattr?(request: Request, args: ask.NameArguments): Answer<Uint8Array>
  /** All names, as byte strings; sizes and ERANGE as in getxattr. */
  listxattr?(request: Request): Answer<readonly string[]>
  setxattr?(request: Request, args: ask.SetxattrArguments): Done
  removexattr?(request: Request, args: ask.NameArguments): Done

  getlk?(request: Request, args: ask.LockArguments): Answer<reply.LockReply>
  setlk?(request: Request, args: ask.LockArguments): Done
  /** Waits for the lock; should end with EINTR when `request.signal` is aborted. */
  setlkw?(request: Request, args: ask.LockArguments): Done

  statfs?(request: Request): Answer<reply.StatfsReply>
  syncfs?(request: Request): Done
}
