// What an act is: something that makes the kernel send one kind of request, and what it must send.

import fs from 'node:fs'
import { join } from 'node:path'
import type { Handler, InitFlag } from '../../../src/fuse/handler.js'
import type { OpcodeName } from '../../../src/fuse/wire/opcodes.js'

/** Node ids and handles go beyond 32 bits, so that both halves of each field are seen. */
export const FIRST_NODE = 0x2_0000_0003
export const FIRST_HANDLE = 0x3_0000_0005

export interface Act {
  readonly opcode: OpcodeName
  /** What tells several acts of one opcode apart. */
  readonly variant?: string
  /** Done in the child, on the mount point; what it returns must be `result`. */
  run(mountpoint: string): unknown
  readonly result?: unknown
  /** Node that the request is about; the root unless told. */
  readonly nodeid?: number
  /** Arguments as decoded; `undefined` for a request without any. */
  readonly args?: Readonly<Record<string, unknown>>
  /** The group that the kernel tells of, beside the caller's own. */
  readonly groups?: readonly number[]
  /** Flags of INIT to ask for, and not to ask for, beside the usual ones. */
  readonly ask?: readonly InitFlag[]
  readonly dontAsk?: readonly InitFlag[]
  /** Methods that the handler is to be without. */
  readonly without?: readonly (keyof Handler)[]
  /** The first minor version of the protocol whose kernels send it so. */
  readonly since?: number
  /** COPY_FILE_RANGE_64 is answered with ENOSYS. */
  readonly isOldCopy?: boolean
  /** As `fuseblk` on a loop device: the kernel says DESTROY and SYNCFS to such mounts alone. */
  readonly isBlock?: boolean
  /** The request is sent when the file system is unmounted. */
  readonly isAtUnmount?: boolean
}

/** Set in the child before an act. */
export const ACT_UMASK = 0o027
export const ACT_GID = 70_003

/** What the kernel adds to the flags of an open. */
export const O_LARGEFILE = process.arch === 'arm64' ? 0o400000 : 0o100000
export const S_IFREG = 0o100000

/** A file in the mount, open, with some bytes. */
export function openFile(mountpoint: string, name = 'file', content = 'content'): number {
  const fd = fs.openSync(join(mountpoint, name), 'wx+')
  if (content) fs.writeSync(fd, content, 0)
  return fd
}

export function makeFile(mountpoint: string, name = 'file', content = 'content'): string {
  fs.closeSync(openFile(mountpoint, name, content))
  return join(mountpoint, name)
}
