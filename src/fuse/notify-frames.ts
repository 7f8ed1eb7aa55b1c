// Notifications as bytes: replies that nobody asked for, with unique 0 and the kind of notification
// where a reply has its errno. One function for each kind, after the structures of fuse.h.

import { EXPIRE_ONLY } from './wire/flags.js'
import { OUT_HEADER_SIZE, upperHalf } from './wire/layout.js'
import { NotifyCode } from './wire/opcodes.js'

/** A header, a body of `size` bytes that are 0, and a name with its NUL or data behind it. */
function notification(code: number, size: number, tail?: Uint8Array): Buffer {
  const length = OUT_HEADER_SIZE + size + (tail?.length ?? 0)
  const frame = Buffer.alloc(length)
  frame.writeUInt32LE(length, 0)
  frame.writeInt32LE(code, 4)
  if (tail) frame.set(tail, OUT_HEADER_SIZE + size)
  return frame
}

function writeU64(frame: Buffer, at: number, value: number): void {
  frame.writeUInt32LE((value % 0x1_0000_0000) >>> 0, OUT_HEADER_SIZE + at)
  frame.writeUInt32LE(upperHalf(value), OUT_HEADER_SIZE + at + 4)
}

function writeU32(frame: Buffer, at: number, value: number): void {
  frame.writeUInt32LE(value, OUT_HEADER_SIZE + at)
}

/**
 * Attributes of the node are asked for again; of its content, `length` bytes from `offset` are
 * dropped, all of it where `length` is 0, none where `offset` is negative.
 */
export function invalInode(nodeid: number, offset: number, length: number): Buffer {
  const frame = notification(NotifyCode.INVAL_INODE, 24)
  writeU64(frame, 0, nodeid)
  writeU64(frame, 8, offset)
  writeU64(frame, 16, length)
  return frame
}

/** The name is looked up again when next used; with `expireOnly` (7.38) what is below it stays. */
export function invalEntry(parent: number, name: string, expireOnly: boolean): Buffer {
  const frame = notification(NotifyCode.INVAL_ENTRY, 16, Buffer.from(`${name}\0`, 'latin1'))
  writeU64(frame, 0, parent)
  writeU32(frame, 8, name.length)
  writeU32(frame, 12, expireOnly ? EXPIRE_ONLY : 0)
  return frame
}

/** The name is gone, if it is that of `child`; who watches it is told (inotify). */
export function deleteEntry(parent: number, child: number, name: string): Buffer {
  const frame = notification(NotifyCode.DELETE, 24, Buffer.from(`${name}\0`, 'latin1'))
  writeU64(frame, 0, parent)
  writeU64(frame, 8, child)
  writeU32(frame, 16, name.length)
  return frame
}

/** Content for the kernel's cache, as if it had been read. */
export function store(nodeid: number, offset: number, data: Uint8Array): Buffer {
  const frame = notification(NotifyCode.STORE, 24, data)
  writeU64(frame, 0, nodeid)
  writeU64(frame, 8, offset)
  writeU32(frame, 16, data.length)
  return frame
}

/** All requests that were read and not answered come again (7.40), for who takes over a mount. */
export function resend(): Buffer {
  return notification(NotifyCode.RESEND, 0)
}

/** All names of the mount are looked up again when next used (7.44). */
export function incEpoch(): Buffer {
  return notification(NotifyCode.INC_EPOCH, 0)
}

/** The kernel forgets these nodes where it can (7.45). */
export function prune(nodeids: readonly number[]): Buffer {
  const frame = notification(NotifyCode.PRUNE, 16 + 8 * nodeids.length)
  writeU32(frame, 0, nodeids.length)
  nodeids.forEach((nodeid, index) => {
    writeU64(frame, 16 + 8 * index, nodeid)
  })
  return frame
}
