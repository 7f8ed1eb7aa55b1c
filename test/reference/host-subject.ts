// The reference: a directory of the host's own file system, through node:fs, as root or another user.

import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fallocate } from '../../src/native/allocate.js'
import { getXattr, listXattrs } from '../../src/native/xattr.js'
import type { Caller } from '../../src/vfs/vfs.js'
import { callKernel } from './kernel-calls.js'
import type { KernelOperation } from './kernel-operation.js'
import { callers, isPlain, type Operation } from './operation.js'
import {
  type Entry,
  nothingOpen,
  type Outcome,
  type Subject,
  statValue,
  type Tree,
} from './subject.js'

/**
 * A new directory below `parent`. Only as root: it becomes other users for single calls, which must be
 * able to reach it.
 */
export function openHostSubject(parent = tmpdir()): Subject<KernelOperation> {
  const base = fs.mkdtempSync(join(parent, 'cassfs-reference-'))
  const directory = `${base}/root`
  fs.mkdirSync(directory)
  fs.chmodSync(base, 0o755)
  fs.chmodSync(directory, 0o777)
  const open = new Map<number, number>()
  return {
    run: async (operation) => outcome(operation, open, directory),
    tree: async () => treeOf(directory),
    async close() {
      for (const descriptor of open.values()) fs.closeSync(descriptor)
      fs.rmSync(base, { recursive: true, force: true })
    },
  }
}

function outcome(
  operation: KernelOperation,
  open: Map<number, number>,
  directory: string,
): Outcome {
  const before = process.umask(0o022)
  try {
    const caller = callers[operation.who] as Caller
    return { value: asUser(caller, () => call(operation, open, directory)) ?? null }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (typeof code !== 'string') throw error
    return { errno: code }
  } finally {
    process.umask(before)
  }
}

function asUser<T>(caller: Caller, call: () => T): T {
  if (caller.uid === 0) return call()
  process.setgroups?.([...(caller.groups ?? [])])
  process.setegid?.(caller.gid)
  process.seteuid?.(caller.uid)
  try {
    return call()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(0)
    process.setgroups?.([])
  }
}

function call(one: KernelOperation, open: Map<number, number>, directory: string): unknown {
  return isPlain(one) ? run(one, open, directory) : callKernel(one, { open, directory })
}

function run(operation: Operation, open: Map<number, number>, directory: string): unknown {
  if ('slot' in operation) return runOnDescriptor(operation, open, directory)
  const path = bytes(`${directory}/${operation.path}`)
  switch (operation.op) {
    case 'mkdir':
      return void fs.mkdirSync(path, operation.mode)
    case 'truncate':
      return fs.truncateSync(path, operation.size)
    case 'unlink':
      return fs.unlinkSync(path)
    case 'rmdir':
      return fs.rmdirSync(path)
    case 'lstat':
      return statOf(fs.lstatSync(path))
    case 'readdir':
      return fs
        .readdirSync(path, 'buffer')
        .map((name) => name.toString('latin1'))
        .sort()
    case 'rename':
      return fs.renameSync(path, bytes(`${directory}/${operation.to}`))
    case 'link':
      return fs.linkSync(path, bytes(`${directory}/${operation.to}`))
    case 'symlink':
      return fs.symlinkSync(operation.target, path)
    case 'chmod':
      return fs.chmodSync(path, operation.mode)
    case 'lchown':
      return fs.lchownSync(path, operation.uid, operation.gid)
    case 'lutimes':
      return fs.lutimesSync(path, operation.atime, operation.mtime)
    case 'access':
      return accessAs(operation, path)
  }
}

/** access(2) asks for the real user, which stays root here: the mode bits are asked for by faccessat's. */
function accessAs(operation: Operation & { op: 'access' }, path: Buffer): unknown {
  const caller = callers[operation.who] as Caller
  if (caller.uid === 0) return fs.accessSync(path, operation.mask)
  const { setreuid, setregid } = { setreuid: process.setuid, setregid: process.setgid }
  if (!setreuid || !setregid) throw new Error('no users on this platform')
  fs.lstatSync(path)
  return 'as another user: only that it exists'
}

function runOnDescriptor(
  operation: Operation & { slot: number },
  open: Map<number, number>,
  directory: string,
): unknown {
  const { slot } = operation
  if (operation.op === 'open') {
    const { path, flags, mode } = operation
    const descriptor = fs.openSync(bytes(`${directory}/${path}`), flags, mode)
    const old = open.get(slot)
    if (old !== undefined) fs.closeSync(old)
    open.set(slot, descriptor)
    return undefined
  }
  const descriptor = open.get(slot)
  if (descriptor === undefined) return nothingOpen
  switch (operation.op) {
    case 'write': {
      const data = Buffer.alloc(operation.length, operation.byte)
      return fs.writeSync(descriptor, data, 0, data.length, operation.offset)
    }
    case 'read': {
      const data = Buffer.alloc(operation.length)
      const read = fs.readSync(descriptor, data, 0, data.length, operation.offset)
      return data.subarray(0, read).toString('latin1')
    }
    case 'fallocate':
      return fallocate(descriptor, operation.mode, operation.offset, operation.length)
    case 'ftruncate':
      return fs.ftruncateSync(descriptor, operation.size)
    case 'fsync':
      return fs.fsyncSync(descriptor)
    case 'fstat':
      return statOf(fs.fstatSync(descriptor))
    case 'close':
      open.delete(slot)
      return fs.closeSync(descriptor)
  }
}

function bytes(path: string): Buffer {
  return Buffer.from(path, 'latin1')
}

function statOf(stats: fs.Stats): unknown {
  const { mode, uid, gid, nlink } = stats
  return statValue({ mode, uid, gid, nlink, size: stats.isDirectory() ? undefined : stats.size })
}

function treeOf(directory: string): Tree {
  const tree = new Map<string, Entry>()
  const visit = (path: string, name: string) => {
    const stats = fs.lstatSync(bytes(path), { bigint: true })
    tree.set(name, entryOf(path, stats))
    if (!stats.isDirectory()) return
    for (const child of fs.readdirSync(bytes(path), 'buffer')) {
      const text = child.toString('latin1')
      visit(`${path}/${text}`, name === '' ? text : `${name}/${text}`)
    }
  }
  visit(directory, '')
  return tree
}

function entryOf(path: string, stats: fs.BigIntStats): Entry {
  let content: string | undefined
  if (stats.isFile()) content = fs.readFileSync(bytes(path)).toString('latin1')
  if (stats.isSymbolicLink()) content = fs.readlinkSync(bytes(path))
  return {
    ino: Number(stats.ino),
    mode: Number(stats.mode),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    nlink: Number(stats.nlink),
    size: stats.isDirectory() ? undefined : Number(stats.size),
    content,
    xattrs: stats.isSymbolicLink() ? [] : xattrsOf(path),
    mtime: stats.mtimeNs,
    ctime: stats.ctimeNs,
  }
}

function xattrsOf(path: string): string[] {
  const names = listXattrs(bytes(path)).sort()
  return names.map((name) => `${name}=${getXattr(bytes(path), name)?.toString('hex')}`)
}
