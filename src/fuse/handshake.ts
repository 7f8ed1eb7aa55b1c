// INIT: what the kernel offers, what we ask for, what holds for the life of the mount. Pure: the
// connection sends what is decided here.

import { Errno, FsError } from '../posix/errno.js'
import { InitBit, type InitFlag } from './wire/flags.js'
import { INIT_OUT_SIZE } from './wire/layout.js'
import { KERNEL_MINOR } from './wire/opcodes.js'
import type { ReplyFrame } from './wire/reply-frame.js'
import type { InitArguments } from './wire/requests.js'

export type { InitFlag } from './wire/flags.js'

/** The oldest protocol that is spoken, that of Linux 5.4: all structures here are of its size. */
export const MINOR_MIN = 31

/** Linux refuses requests of more pages (FUSE_MAX_MAX_PAGES) unless root allows it. */
const MAX_PAGES = 256
const PAGE_SIZE = 4096

/** What to ask the kernel for. Flags that it does not offer are left out. */
export interface Wishes {
  readonly flags: ReadonlySet<InitFlag>
  /** Largest data of one READ or WRITE in bytes, a multiple of 4096; at most 1 MiB. */
  readonly maxWrite: number
  /** Most requests that the kernel makes ahead of need (read-ahead, asynchronous direct I/O). */
  readonly maxBackground: number
  /** So many of those outstanding count as congestion. */
  readonly congestionThreshold: number
  /** How fine times are kept, in nanoseconds. */
  readonly timeGranNs: number
  /** How many file systems may be stacked, with PASSTHROUGH: 1, or 2 to be an overlay's layer. */
  readonly maxStackDepth: number
  /** The newest protocol to speak; a lower one makes the kernel behave as an older one. */
  readonly minorMax: number
}

/**
 * What serves an ordinary file system best; see the folder's README for the reasons. Not ATOMIC_O_TRUNC:
 * docs/decisions/no-atomic-o-trunc.md.
 */
export const DEFAULT_FLAGS: ReadonlySet<InitFlag> = new Set<InitFlag>([
  'ASYNC_READ',
  'BIG_WRITES',
  'DONT_MASK',
  'DO_READDIRPLUS',
  'ASYNC_DIO',
  'PARALLEL_DIROPS',
  'POSIX_ACL',
  'MAX_PAGES',
  'CACHE_SYMLINKS',
  'NO_OPENDIR_SUPPORT',
  'EXPLICIT_INVAL_DATA',
  'DIRECT_IO_ALLOW_MMAP',
  'HANDLE_KILLPRIV_V2',
  'SETXATTR_EXT',
  'INIT_EXT',
  'CREATE_SUPP_GROUP',
  'HAS_EXPIRE_ONLY',
  'HAS_RESEND',
])

export const DEFAULT_WISHES: Wishes = {
  flags: DEFAULT_FLAGS,
  maxWrite: MAX_PAGES * PAGE_SIZE,
  maxBackground: 64,
  congestionThreshold: 48,
  timeGranNs: 1,
  maxStackDepth: 1,
  minorMax: KERNEL_MINOR,
}

/** What kernel and server agreed on. Plain data, so that another process can take over. */
export interface Negotiated {
  /** The protocol's minor version: the smaller of the kernel's and ours. */
  readonly minor: number
  /** FUSE_* flags of INIT that hold: asked for, and offered. */
  readonly flags: ReadonlySet<InitFlag>
  /** Largest data of one WRITE, in bytes. */
  readonly maxWrite: number
  readonly maxReadahead: number
  readonly maxBackground: number
  readonly congestionThreshold: number
  readonly timeGranNs: number
  readonly maxStackDepth: number
}

/** Names of the flags in the two words of an INIT; bits without a name are left out. */
export function flagsOf(flags: number, flags2: number): ReadonlySet<InitFlag> {
  const names = Object.keys(InitBit) as InitFlag[]
  return new Set(
    names.filter((name) => {
      const bit = InitBit[name]
      return ((bit < 32 ? flags >>> bit : flags2 >>> (bit - 32)) & 1) === 1
    }),
  )
}

/** The two words of an INIT for a set of flags. */
export function wordsOf(flags: ReadonlySet<InitFlag>): [flags: number, flags2: number] {
  let low = 0
  let high = 0
  for (const name of flags) {
    const bit = InitBit[name]
    if (bit < 32) low |= 1 << bit
    else high |= 1 << (bit - 32)
  }
  return [low >>> 0, high >>> 0]
}

/**
 * What holds between us and the kernel of `offer`, of major version 7 or less. Throws FsError
 * EPROTO where nothing can.
 */
export function negotiate(offer: InitArguments, wishes: Wishes): Negotiated {
  if (offer.major < 7 || offer.minor < MINOR_MIN) {
    const spoken = `the kernel speaks FUSE protocol ${offer.major}.${offer.minor}`
    throw new FsError(Errno.EPROTO, `${spoken}; 7.${MINOR_MIN} (Linux 5.4) is the least needed`)
  }
  const offered = flagsOf(offer.flags, offer.flags2)
  const flags = new Set([...wishes.flags].filter((flag) => offered.has(flag)))
  // Without it the kernel takes at most 32 pages at a time, and reads no flags beyond bit 31.
  const pages = flags.has('MAX_PAGES') ? MAX_PAGES : 32
  return {
    minor: Math.min(offer.minor, wishes.minorMax),
    flags,
    maxWrite: Math.min(wishes.maxWrite, pages * PAGE_SIZE),
    maxReadahead: offer.maxReadahead,
    maxBackground: wishes.maxBackground,
    congestionThreshold: wishes.congestionThreshold,
    timeGranNs: wishes.timeGranNs,
    maxStackDepth: flags.has('PASSTHROUGH') ? wishes.maxStackDepth : 0,
  }
}

/** struct fuse_init_out. */
export function encodeInit(frame: ReplyFrame, negotiated: Negotiated): void {
  const [flags, flags2] = wordsOf(negotiated.flags)
  frame.body(INIT_OUT_SIZE)
  frame.u32(0, 7)
  frame.u32(1, negotiated.minor)
  frame.u32(2, negotiated.maxReadahead)
  frame.u32(3, flags)
  frame.u32(4, negotiated.maxBackground | (negotiated.congestionThreshold << 16))
  frame.u32(5, negotiated.maxWrite)
  frame.u32(6, negotiated.timeGranNs)
  frame.u32(7, negotiated.maxWrite / PAGE_SIZE)
  frame.u32(8, flags2)
  frame.u32(9, negotiated.maxStackDepth)
}

/** The answer to a kernel of a newer major version, which then asks again in ours. */
export function encodeMajor(frame: ReplyFrame): void {
  frame.body(INIT_OUT_SIZE)
  frame.u32(0, 7)
  frame.u32(1, KERNEL_MINOR)
}
