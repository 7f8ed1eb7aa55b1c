// What stat and statfs answer, as fs.Stats, fs.BigIntStats and their likes.

import type { BigIntStats, BigIntStatsFs, Stats, StatsFs } from 'node:fs'
import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from '../posix/mode.js'
import { allocatedBlocks } from '../vfs/allocated-blocks.js'
import type { FileSystemStatus } from '../vfs/vfs.js'
import type { Inode, Timespec } from '../volume/inode.js'

/** As fs.Stats. Access times follow the last write unless a program set them. */
export type VolumeStats = Stats
/** As fs.BigIntStats: times in whole nanoseconds. */
export type VolumeBigIntStats = BigIntStats

/** As a mount's files show it. */
const blockBytes = 4096
/** `f_type` of what a mount is: FUSE_SUPER_MAGIC of linux/magic.h. */
const fuseMagic = 0x65735546

/** The questions that Stats and Dirent answer about a type. */
export class TypeQuestions {
  readonly #type: number

  /** S_IFMT bits, alone or with others. */
  constructor(mode: number) {
    this.#type = mode & S_IFMT
  }

  isFile(): boolean {
    return this.#type === S_IFREG
  }

  isDirectory(): boolean {
    return this.#type === S_IFDIR
  }

  isSymbolicLink(): boolean {
    return this.#type === S_IFLNK
  }

  isFIFO(): boolean {
    return this.#type === S_IFIFO
  }

  isSocket(): boolean {
    return this.#type === S_IFSOCK
  }

  isBlockDevice(): boolean {
    return this.#type === S_IFBLK
  }

  isCharacterDevice(): boolean {
    return this.#type === S_IFCHR
  }
}

class InodeStats extends TypeQuestions implements Stats {
  readonly dev = 0
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly rdev: number
  readonly blksize = blockBytes
  readonly ino: number
  readonly size: number
  readonly blocks: number
  readonly atimeMs: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly birthtimeMs: number
  readonly atime: Date
  readonly mtime: Date
  readonly ctime: Date
  readonly birthtime: Date

  constructor(inode: Inode, isUnsaved: boolean) {
    super(inode.mode)
    this.mode = inode.mode
    this.nlink = inode.nlink
    this.uid = inode.uid
    this.gid = inode.gid
    this.rdev = inode.rdev
    this.ino = inode.ino
    this.size = inode.size
    this.blocks = allocatedBlocks(inode, isUnsaved)
    this.atimeMs = milliseconds(inode.atime ?? inode.mtime)
    this.mtimeMs = milliseconds(inode.mtime)
    this.ctimeMs = milliseconds(inode.ctime)
    this.birthtimeMs = milliseconds(inode.btime)
    this.atime = new Date(this.atimeMs)
    this.mtime = new Date(this.mtimeMs)
    this.ctime = new Date(this.ctimeMs)
    this.birthtime = new Date(this.birthtimeMs)
  }
}

export function statsOf(inode: Inode, isUnsaved: boolean): VolumeStats {
  return new InodeStats(inode, isUnsaved)
}

export function bigIntStatsOf(inode: Inode, isUnsaved: boolean): VolumeBigIntStats {
  const { atime, mtime, ctime, birthtime, ...numbers } = statsOf(inode, isUnsaved)
  const questions = new TypeQuestions(inode.mode)
  const [atimeNs, mtimeNs] = [nanoseconds(inode.atime ?? inode.mtime), nanoseconds(inode.mtime)]
  const [ctimeNs, birthtimeNs] = [nanoseconds(inode.ctime), nanoseconds(inode.btime)]
  const whole = Object.entries(numbers).map(([key, value]) => [
    key,
    BigInt(Math.floor(value as number)),
  ])
  const times = { atimeNs, mtimeNs, ctimeNs, birthtimeNs, atime, mtime, ctime, birthtime }
  return Object.assign(questions, Object.fromEntries(whole), times)
}

export function statFsOf(status: FileSystemStatus): StatsFs {
  const { bsize, blocks, bfree, bavail, files, ffree } = status
  return { type: fuseMagic, bsize, blocks, bfree, bavail, files, ffree }
}

export function bigIntStatFsOf(status: FileSystemStatus): BigIntStatsFs {
  const whole = Object.entries(statFsOf(status)).map(([key, value]) => [key, BigInt(value)])
  return Object.fromEntries(whole)
}

function milliseconds({ sec, nsec }: Timespec): number {
  return sec * 1000 + nsec / 1e6
}

function nanoseconds({ sec, nsec }: Timespec): bigint {
  return BigInt(sec) * 1_000_000_000n + BigInt(nsec)
}
