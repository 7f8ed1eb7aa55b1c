// The calls of kernel-operation.ts on a directory, through the kernel: what they answer, in a form that two
// file systems can be compared by. Errors are thrown as FsError or as Node throws them.

import fs from 'node:fs'
import { fallocate } from '../../src/native/allocate.js'
import { check, cString, declare } from '../../src/native/libc.js'
import { mkfifo } from '../../src/native/make-node.js'
import { renameat2 } from '../../src/native/rename.js'
import { seekData, seekHole } from '../../src/native/seek.js'
import { linkTmpfile, openTmpfile } from '../../src/native/tmpfile.js'
import { getXattr, listXattrs, removeXattr, setXattr } from '../../src/native/xattr.js'
import { aclAccessName, aclDefaultName, encodeAcl } from '../../src/posix/acl.js'
import { copyFileRange } from '../mount/syscalls.js'
import { mapFile } from '../support/memory-map.js'
import type { KernelCall, Time } from './kernel-operation.js'
import { nothingOpen } from './subject.js'

const AT_FDCWD = -100
const AT_SYMLINK_NOFOLLOW = 0x100
const UTIME_NOW = 0x3fff_ffffn
const UTIME_OMIT = 0x3fff_fffen
const pageBytes = 4096

const utimensat = declare<
  (directory: number, path: Buffer, times: Uint8Array, flags: number) => number
>('int utimensat(int, void *, void *, int)')
const libcFutimens = declare<(fd: number, times: Uint8Array) => number>('int futimens(int, void *)')

/** What is open, by slot, and where paths begin. */
export interface Place {
  readonly open: Map<number, number>
  readonly directory: string
}

export function callKernel(call: KernelCall, { open, directory }: Place): unknown {
  const at = (path: string) => Buffer.from(`${directory}/${path}`, 'latin1')
  if ('slot' in call) return onDescriptor(call, open, at)
  const path = at(call.path)
  switch (call.op) {
    case 'renameat2':
      return renameat2(path, at(call.to), call.flags)
    case 'setxattr':
      return setXattr(path, call.name, Buffer.alloc(call.length, call.name), call.flags)
    case 'getxattr':
      return getXattr(path, call.name)?.toString('hex') ?? 'none'
    case 'removexattr':
      return removeXattr(path, call.name)
    case 'listxattr':
      return listXattrs(path).sort()
    case 'setacl':
      return setXattr(path, call.isDefault ? aclDefaultName : aclAccessName, encodeAcl(call.acl))
    case 'utimens': {
      const times = timesOf(call.atime, call.mtime)
      check(utimensat(AT_FDCWD, cString(path), times, AT_SYMLINK_NOFOLLOW), 'utimensat')
      return shownTimes(fs.lstatSync(path, { bigint: true }), call)
    }
    case 'mkfifo':
      return mkfifo(path, call.mode)
  }
}

function onDescriptor(
  call: KernelCall & { slot: number },
  open: Map<number, number>,
  at: (path: string) => Buffer,
): unknown {
  if (call.op === 'tmpfile') {
    const made = openTmpfile(at(call.path), call.mode)
    const old = open.get(call.slot)
    if (old !== undefined) fs.closeSync(old)
    open.set(call.slot, made)
    return undefined
  }
  const fd = open.get(call.slot)
  if (fd === undefined) return nothingOpen
  switch (call.op) {
    case 'fallocate':
      return fallocate(fd, call.mode, call.offset, call.length)
    case 'seek':
      return seekTruly(fd, call.offset)
    case 'copy': {
      const from = open.get(call.from)
      if (from === undefined) return nothingOpen
      return copyFileRange(from, call.offset, fd, call.to, call.length)
    }
    case 'map':
      return turnBytes(fd, call.offset, call.length)
    case 'linkOpen':
      return linkTmpfile(fd, at(call.path))
    case 'futimens':
      check(libcFutimens(fd, timesOf(call.atime, call.mtime)), 'futimens')
      return shownTimes(fs.fstatSync(fd, { bigint: true }), call)
    case 'fchmod':
      return fs.fchmodSync(fd, call.mode)
    case 'fchown':
      return fs.fchownSync(fd, call.uid, call.gid)
  }
}

/** Throws where a hole is told that holds something, or data that the file does not have. */
function seekTruly(fd: number, offset: number): string {
  const stats = fs.fstatSync(fd)
  // In a folder ext4 seeks by hashes of names.
  if (!stats.isFile()) return 'no file'
  const { size } = stats
  const data = seekData(fd, offset)
  const hole = seekHole(fd, offset)
  if (offset >= size) return `beyond the end: ${data} ${hole}`
  if (hole === undefined || hole < offset || hole > size) throw new Error(`a hole at ${hole}`)
  const from = data ?? size
  if (from < offset || from >= size + Number(data === undefined))
    throw new Error(`data at ${data} of ${size}`)
  if (!isZero(fd, offset, from)) throw new Error(`more than zeros from ${offset} to ${from}`)
  return 'true'
}

function isZero(fd: number, start: number, end: number): boolean {
  let bytes = Buffer.alloc(end - start)
  try {
    bytes = bytes.subarray(0, fs.readSync(fd, bytes, 0, bytes.length, start))
  } catch (error) {
    // Open for writing alone.
    if ((error as NodeJS.ErrnoException).code !== 'EBADF') throw error
  }
  return bytes.every((byte) => byte === 0)
}

/** Through a shared mapping; answers how many. */
function turnBytes(fd: number, offset: number, length: number): number {
  const { size } = fs.fstatSync(fd)
  const map = mapFile(fd, Math.max(size, pageBytes), 'shared')
  const end = Math.min(size, offset + length)
  const bytes = new Uint8Array(map.bytes)
  for (let at = offset; at < end; at++) bytes[at] = ~(bytes[at] as number)
  map.close()
  fs.fsyncSync(fd)
  return Math.max(0, end - offset)
}

function timesOf(atime: Time, mtime: Time): Uint8Array {
  const words = [atime, mtime].flatMap((time) => {
    if (time === 'now') return [0n, UTIME_NOW]
    if (time === 'omit') return [0n, UTIME_OMIT]
    return [BigInt(time.sec), BigInt(time.nsec)]
  })
  return new Uint8Array(new BigInt64Array(words).buffer)
}

/** Those that were given; of 'now' it shows in which times moved. */
function shownTimes(stats: fs.BigIntStats, { atime, mtime }: { atime: Time; mtime: Time }) {
  return [
    typeof atime === 'object' ? stats.atimeNs : undefined,
    typeof mtime === 'object' ? stats.mtimeNs : undefined,
  ]
}
