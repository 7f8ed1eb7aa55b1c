// struct fuse_attr, fuse_entry_out and struct statx, written at any word of a buffer: replies and
// directory entries share them.

import { upperHalf } from './layout.js'
import type { Attributes, EntryReply } from './reply-types.js'

/** A year: the kernel adds lifetimes to its clock, where an endless one would wrap. */
const TTL_MAX_MS = 365 * 86_400_000

/** Seconds and nanoseconds of a lifetime that may be absent, fractional or endless. */
function ttlSec(ttlMs: number | undefined): number {
  return ttlMs === undefined ? 0 : Math.floor(Math.min(ttlMs, TTL_MAX_MS) / 1000)
}

function ttlNsec(ttlMs: number | undefined): number {
  return ttlMs === undefined ? 0 : Math.floor((Math.min(ttlMs, TTL_MAX_MS) % 1000) * 1e6)
}

/** Writes a lifetime: seconds in two words at `sec`, nanoseconds in one at `nsec`. */
export function writeTtl(
  words: Uint32Array,
  sec: number,
  nsec: number,
  ttlMs: number | undefined,
): void {
  words[sec] = ttlSec(ttlMs)
  words[sec + 1] = 0
  words[nsec] = ttlNsec(ttlMs)
}

function writeU64(words: Uint32Array, at: number, value: number): void {
  words[at] = value
  words[at + 1] = upperHalf(value)
}

/** struct fuse_attr: 22 words at `at`. */
export function writeAttributes(words: Uint32Array, at: number, attributes: Attributes): void {
  writeU64(words, at, attributes.ino)
  writeU64(words, at + 2, attributes.size)
  writeU64(words, at + 4, attributes.blocks)
  writeU64(words, at + 6, attributes.atime.sec)
  writeU64(words, at + 8, attributes.mtime.sec)
  writeU64(words, at + 10, attributes.ctime.sec)
  words[at + 12] = attributes.atime.nsec
  words[at + 13] = attributes.mtime.nsec
  words[at + 14] = attributes.ctime.nsec
  words[at + 15] = attributes.mode
  words[at + 16] = attributes.nlink
  words[at + 17] = attributes.uid
  words[at + 18] = attributes.gid
  words[at + 19] = attributes.rdev
  words[at + 20] = attributes.blksize
  words[at + 21] = 0
}

/** struct fuse_entry_out: 32 words at `at`. */
export function writeEntry(words: Uint32Array, at: number, entry: EntryReply): void {
  writeU64(words, at, entry.nodeid)
  writeU64(words, at + 2, entry.generation)
  writeTtl(words, at + 4, at + 8, entry.entryTtlMs)
  writeTtl(words, at + 6, at + 9, entry.attrTtlMs)
  writeAttributes(words, at + 10, entry.attributes)
}

/** STATX_BASIC_STATS and STATX_BTIME of linux/stat.h. */
const STATX_BASIC_STATS = 0x7ff
const STATX_BTIME = 0x800

/** struct statx of linux/stat.h: 64 words at `at`, which are 0 before. */
export function writeStatx(words: Uint32Array, at: number, attributes: Attributes): void {
  const { atime, btime, ctime, mtime, rdev } = attributes
  words[at] = STATX_BASIC_STATS | (btime ? STATX_BTIME : 0)
  words[at + 1] = attributes.blksize
  words[at + 4] = attributes.nlink
  words[at + 5] = attributes.uid
  words[at + 6] = attributes.gid
  words[at + 7] = attributes.mode & 0xffff
  writeU64(words, at + 8, attributes.ino)
  writeU64(words, at + 10, attributes.size)
  writeU64(words, at + 12, attributes.blocks)
  const times = [atime, btime, ctime, mtime]
  times.forEach((time, index) => {
    if (!time) return
    writeU64(words, at + 16 + 4 * index, time.sec)
    words[at + 18 + 4 * index] = time.nsec
  })
  words[at + 32] = (rdev >>> 8) & 0xfff
  words[at + 33] = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00)
}
