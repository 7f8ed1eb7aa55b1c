// Decoders of request bodies: one function for each structure of fuse.h that the kernel sends, in
// the order of the structure's fields. Positions are words of 4 bytes for numbers, bytes for names
// and data. They rely on RequestFrame for the header and for checks of length.

import { Errno } from '../../posix/errno.js'
import {
  FSYNC_FDATASYNC,
  GETATTR_FH,
  LK_FLOCK,
  READ_LOCKOWNER,
  ReleaseFlag,
  SETXATTR_ACL_KILL_SGID,
  SetattrValid,
  WriteFlag,
} from './flags.js'
import { IN_HEADER_SIZE, InHeader, toNumber } from './layout.js'
import { FrameError, type RequestFrame } from './request-frame.js'
import type * as ask from './request-types.js'

export function decodeNothing(): undefined {
  return undefined
}

export function decodeName(frame: RequestFrame): ask.NameArguments {
  return { name: frame.string(0) }
}

export function decodeForget(frame: RequestFrame): ask.ForgetArguments {
  frame.need(8)
  const nodeid = toNumber(frame.word(InHeader.nodeid), frame.word(InHeader.nodeid + 1))
  if (nodeid < 0) throw new FrameError(Errno.EINVAL, 'a node id is beyond 2^53')
  return { nodeid, nlookup: frame.u64(0) }
}

export function decodeBatchForget(frame: RequestFrame): ask.BatchForgetArguments {
  frame.need(8)
  const count = frame.u32(0)
  frame.need(8 + 16 * count)
  const forgets: ask.ForgetArguments[] = []
  for (let word = 2; word < 2 + 4 * count; word += 4) {
    forgets.push({ nodeid: frame.u64(word), nlookup: frame.u64(word + 2) })
  }
  return { forgets }
}

export function decodeGetattr(frame: RequestFrame): ask.GetattrArguments {
  frame.need(16)
  return { fh: frame.u32(0) & GETATTR_FH ? frame.u64(2) : undefined }
}

export function decodeStatx(frame: RequestFrame): ask.StatxArguments {
  frame.need(24)
  const fh = frame.u32(0) & GETATTR_FH ? frame.u64(2) : undefined
  return { fh, flags: frame.u32(4), mask: frame.u32(5) }
}

export function decodeSetattr(frame: RequestFrame): ask.SetattrArguments {
  frame.need(88)
  const valid = frame.u32(0)
  const time = (bit: number, nowBit: number, sec: number, nsec: number) => {
    if (valid & nowBit) return 'now' as const
    return valid & bit ? timeAt(frame, sec, nsec) : undefined
  }
  return {
    mode: valid & SetattrValid.MODE ? frame.u32(17) : undefined,
    uid: valid & SetattrValid.UID ? frame.u32(19) : undefined,
    gid: valid & SetattrValid.GID ? frame.u32(20) : undefined,
    size: valid & SetattrValid.SIZE ? frame.u64(4) : undefined,
    atime: time(SetattrValid.ATIME, SetattrValid.ATIME_NOW, 8, 14),
    mtime: time(SetattrValid.MTIME, SetattrValid.MTIME_NOW, 10, 15),
    ctime: valid & SetattrValid.CTIME ? timeAt(frame, 12, 16) : undefined,
    fh: valid & SetattrValid.FH ? frame.u64(2) : undefined,
    lockOwner: valid & SetattrValid.LOCKOWNER ? frame.pair(6) : undefined,
    killSuidgid: (valid & SetattrValid.KILL_SUIDGID) !== 0,
  }
}

function timeAt(frame: RequestFrame, sec: number, nsec: number): ask.Time {
  const time = { sec: frame.seconds(sec), nsec: frame.u32(nsec) }
  if (time.nsec > 999_999_999) throw new FrameError(Errno.EINVAL, 'nanoseconds beyond a second')
  return time
}

export function decodeSymlink(frame: RequestFrame): ask.SymlinkArguments {
  const name = frame.string(0)
  return { name, target: frame.string(name.length + 1) }
}

export function decodeMknod(frame: RequestFrame): ask.MknodArguments {
  frame.need(16)
  const name = frame.string(16)
  return { name, mode: frame.u32(0), rdev: frame.u32(1), umask: frame.u32(2) }
}

export function decodeMkdir(frame: RequestFrame): ask.MkdirArguments {
  frame.need(8)
  return { name: frame.string(8), mode: frame.u32(0), umask: frame.u32(1) }
}

function renameArguments(frame: RequestFrame, flags: number, start: number): ask.RenameArguments {
  const newParent = frame.u64(0)
  const name = frame.string(start)
  return { name, newParent, newName: frame.string(start + name.length + 1), flags }
}

export function decodeRename(frame: RequestFrame): ask.RenameArguments {
  frame.need(8)
  return renameArguments(frame, 0, 8)
}

export function decodeRename2(frame: RequestFrame): ask.RenameArguments {
  frame.need(16)
  return renameArguments(frame, frame.u32(2), 16)
}

export function decodeLink(frame: RequestFrame): ask.LinkArguments {
  frame.need(8)
  return { oldNodeid: frame.u64(0), newName: frame.string(8) }
}

export function decodeOpen(frame: RequestFrame): ask.OpenArguments {
  frame.need(8)
  return { flags: frame.u32(0), openFlags: frame.u32(1) }
}

function createArguments(frame: RequestFrame, name: string): ask.CreateArguments {
  return {
    name,
    flags: frame.u32(0),
    mode: frame.u32(1),
    umask: frame.u32(2),
    openFlags: frame.u32(3),
  }
}

export function decodeCreate(frame: RequestFrame): ask.CreateArguments {
  frame.need(16)
  return createArguments(frame, frame.string(16))
}

/** The kernel sends a name of its own making, which is in no directory: left out. */
export function decodeTmpfile(frame: RequestFrame): ask.CreateArguments {
  frame.need(16)
  return createArguments(frame, '')
}

export function decodeRead(frame: RequestFrame): ask.ReadArguments {
  frame.need(40)
  return {
    fh: frame.u64(0),
    offset: frame.u64(2),
    size: frame.u32(4),
    flags: frame.u32(8),
    lockOwner: frame.u32(5) & READ_LOCKOWNER ? frame.pair(6) : undefined,
  }
}

export function decodeWrite(frame: RequestFrame): ask.WriteArguments {
  frame.need(40)
  const writeFlags = frame.u32(5)
  return {
    fh: frame.u64(0),
    offset: frame.u64(2),
    data: frame.data(40, frame.u32(4)),
    flags: frame.u32(8),
    writeFlags,
    lockOwner: writeFlags & WriteFlag.LOCKOWNER ? frame.pair(6) : undefined,
  }
}

export function decodeRelease(frame: RequestFrame): ask.ReleaseArguments {
  frame.need(24)
  const releaseFlags = frame.u32(3)
  return {
    fh: frame.u64(0),
    flags: frame.u32(2),
    releaseFlags,
    lockOwner: releaseFlags & ReleaseFlag.FLOCK_UNLOCK ? frame.pair(4) : undefined,
  }
}

export function decodeFlush(frame: RequestFrame): ask.FlushArguments {
  frame.need(24)
  return { fh: frame.u64(0), lockOwner: frame.pair(4) }
}

export function decodeFsync(frame: RequestFrame): ask.FsyncArguments {
  frame.need(16)
  return { fh: frame.u64(0), datasync: (frame.u32(2) & FSYNC_FDATASYNC) !== 0 }
}

export function decodeSetxattr(frame: RequestFrame): ask.SetxattrArguments {
  const isExtended = frame.flags.has('SETXATTR_EXT')
  const head = isExtended ? 16 : 8
  frame.need(head)
  const name = frame.string(head)
  const value = frame.data(head + name.length + 1, frame.u32(0))
  const killSgid = isExtended && (frame.u32(2) & SETXATTR_ACL_KILL_SGID) !== 0
  return { name, value: Buffer.from(value), flags: frame.u32(1), killSgid }
}

/** GETXATTR and LISTXATTR: the room that the caller has; 0 asks for the size. */
export interface RoomArguments {
  readonly room: number
}

export function decodeGetxattr(frame: RequestFrame): ask.NameArguments & RoomArguments {
  frame.need(8)
  return { name: frame.string(8), room: frame.u32(0) }
}

export function decodeListxattr(frame: RequestFrame): RoomArguments {
  frame.need(8)
  return { room: frame.u32(0) }
}

/** READDIR, READDIRPLUS: struct fuse_read_in. */
export function decodeReaddir(frame: RequestFrame): ask.ReaddirArguments {
  frame.need(40)
  return { fh: frame.u64(0), offset: frame.u64(2), size: frame.u32(4) }
}

const OFFSET_MAX_HI = 0x7fffffff

export function decodeLock(frame: RequestFrame): ask.LockArguments {
  frame.need(48)
  const isToEnd = frame.u32(6) === 0xffffffff && frame.u32(7) === OFFSET_MAX_HI
  const lock = {
    start: frame.u64(4),
    end: isToEnd ? Number.POSITIVE_INFINITY : frame.u64(6),
    type: frame.u32(8),
    pid: frame.u32(9),
  }
  const flock = (frame.u32(10) & LK_FLOCK) !== 0
  return { fh: frame.u64(0), owner: frame.pair(2), lock, flock }
}

export function decodeAccess(frame: RequestFrame): ask.AccessArguments {
  frame.need(8)
  return { mask: frame.u32(0) }
}

export function decodeFallocate(frame: RequestFrame): ask.FallocateArguments {
  frame.need(32)
  return {
    fh: frame.u64(0),
    offset: frame.u64(2),
    length: frame.u64(4),
    mode: frame.u32(6),
  }
}

export function decodeLseek(frame: RequestFrame): ask.LseekArguments {
  frame.need(24)
  return { fh: frame.u64(0), offset: frame.u64(2, Errno.ENXIO), whence: frame.u32(4) }
}

export function decodeCopyFileRange(frame: RequestFrame): ask.CopyFileRangeArguments {
  frame.need(56)
  // A caller may ask for "everything" with the largest number there is: less may be copied.
  const length = toNumber(frame.u32(10), frame.u32(11))
  return {
    fhIn: frame.u64(0),
    offsetIn: frame.u64(2),
    nodeidOut: frame.u64(4),
    fhOut: frame.u64(6),
    offsetOut: frame.u64(8),
    length: length < 0 ? Number.MAX_SAFE_INTEGER : length,
    flags: frame.u32(12),
  }
}

/** INIT: struct fuse_init_in, which before 7.36 ends with `flags`. */
export interface InitArguments {
  readonly major: number
  readonly minor: number
  readonly maxReadahead: number
  readonly flags: number
  readonly flags2: number
}

export function decodeInit(frame: RequestFrame): InitArguments {
  frame.need(16)
  const hasFlags2 = frame.end >= IN_HEADER_SIZE + 64
  return {
    major: frame.u32(0),
    minor: frame.u32(1),
    maxReadahead: frame.u32(2),
    flags: frame.u32(3),
    flags2: hasFlags2 ? frame.u32(4) : 0,
  }
}

/** INTERRUPT: the request that is no longer waited for. */
export function decodeInterrupt(frame: RequestFrame): ask.U64 {
  frame.need(8)
  return frame.pair(0)
}
