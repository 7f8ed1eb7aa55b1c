// Encoders of reply bodies: one function for each structure of fuse.h that is sent to the kernel.
// They are handed a ReplyFrame that has begun, and what the handler answered.

import { Errno } from '../../posix/errno.js'
import { writeAttributes, writeEntry, writeStatx, writeTtl } from './attributes.js'
import { ATTR_OUT_SIZE, ENTRY_OUT_SIZE, OUT_BODY, STATX_OUT_SIZE } from './layout.js'
import type { ReplyFrame } from './reply-frame.js'
import type * as reply from './reply-types.js'
import type { RoomArguments } from './requests.js'

/** An answer that no reply can say: the handler is wrong. The caller gets EIO, the log the text. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError'
}

export function encodeNothing(): void {}

export function encodeEntry(
  frame: ReplyFrame,
  entry: reply.EntryReply | reply.NegativeEntryReply,
): void {
  frame.body(ENTRY_OUT_SIZE)
  if ('attributes' in entry) writeEntry(frame.words, OUT_BODY, entry)
  else writeTtl(frame.words, OUT_BODY + 4, OUT_BODY + 8, entry.entryTtlMs)
}

export function encodeAttr(frame: ReplyFrame, answer: reply.AttrReply): void {
  frame.body(ATTR_OUT_SIZE)
  writeTtl(frame.words, OUT_BODY, OUT_BODY + 2, answer.attrTtlMs)
  writeAttributes(frame.words, OUT_BODY + 4, answer.attributes)
}

export function encodeStatx(frame: ReplyFrame, answer: reply.AttrReply): void {
  frame.body(STATX_OUT_SIZE)
  writeTtl(frame.words, OUT_BODY, OUT_BODY + 2, answer.attrTtlMs)
  writeStatx(frame.words, OUT_BODY + 8, answer.attributes)
}

export function encodeReadlink(frame: ReplyFrame, target: string): void {
  frame.append([Buffer.from(target, 'latin1')])
}

function writeOpen(frame: ReplyFrame, word: number, open: reply.OpenReply): void {
  frame.u64(word, open.fh)
  frame.u32(word + 2, open.openFlags ?? 0)
  frame.u32(word + 3, open.backingId ?? 0)
}

export function encodeOpen(frame: ReplyFrame, open: reply.OpenReply): void {
  frame.body(16)
  writeOpen(frame, 0, open)
}

export function encodeCreate(frame: ReplyFrame, answer: reply.CreateReply): void {
  frame.body(ENTRY_OUT_SIZE + 16)
  writeEntry(frame.words, OUT_BODY, answer.entry)
  writeOpen(frame, ENTRY_OUT_SIZE / 4, answer.open)
}

export function encodeRead(
  frame: ReplyFrame,
  answer: reply.ReadReply,
  args: { readonly size: number },
): void {
  frame.append(answer instanceof Uint8Array ? [answer] : answer)
  if (frame.dataSize > args.size) throw new ReplyError('more data than was asked for')
}

/** WRITE, and COPY_FILE_RANGE before its 64-bit form. */
export function encodeSize(frame: ReplyFrame, answer: reply.SizeReply): void {
  frame.body(8)
  frame.u32(0, answer.size)
}

/** struct fuse_copy_file_range_out, LSEEK: one 64-bit number. */
export function encodeSize64(frame: ReplyFrame, answer: reply.SizeReply): void {
  frame.body(8)
  frame.u64(0, answer.size)
}

export function encodeOffset(frame: ReplyFrame, answer: reply.OffsetReply): void {
  frame.body(8)
  frame.u64(0, answer.offset)
}

export function encodeStatfs(frame: ReplyFrame, answer: reply.StatfsReply): void {
  frame.body(80)
  frame.u64(0, answer.blocks)
  frame.u64(2, answer.bfree)
  frame.u64(4, answer.bavail)
  frame.u64(6, answer.files)
  frame.u64(8, answer.ffree)
  frame.u32(10, answer.bsize)
  frame.u32(11, answer.namelen)
  frame.u32(12, answer.frsize)
}

/** GETXATTR: the size alone where the caller has no room, ERANGE where it has too little. */
export function encodeXattr(frame: ReplyFrame, value: Uint8Array, args: RoomArguments): void {
  if (args.room === 0) {
    frame.body(8)
    frame.u32(0, value.length)
  } else if (value.length > args.room) {
    frame.fail(Errno.ERANGE)
  } else {
    frame.append([value])
  }
}

/** LISTXATTR: each name with its NUL. */
export function encodeXattrNames(
  frame: ReplyFrame,
  names: readonly string[],
  args: RoomArguments,
): void {
  encodeXattr(frame, Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1'), args)
}

export function encodeLock(frame: ReplyFrame, { lock }: reply.LockReply): void {
  frame.body(24)
  frame.u64(0, lock.start)
  if (lock.end === Number.POSITIVE_INFINITY) {
    frame.u32(2, 0xffffffff)
    frame.u32(3, 0x7fffffff)
  } else {
    frame.u64(2, lock.end)
  }
  frame.u32(4, lock.type)
  frame.u32(5, lock.pid)
}
