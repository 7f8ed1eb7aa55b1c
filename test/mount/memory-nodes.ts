// Files and directories in memory, for memory-handler.ts: the nodes, their names and their content.

import type * as fuse from '../../src/fuse/handler.js'
import { Errno } from '../../src/posix/errno.js'

export const S_IFMT = 0o170000
export const S_IFDIR = 0o040000
const RENAME_NOREPLACE = 1
const RENAME_EXCHANGE = 2
/** Content beyond this is forgotten, so that a test may use offsets of any size. */
export const STORED_MAX = 1 << 28
const NO_DATA = Buffer.alloc(0)

export interface Name {
  readonly node: Node
  /** Grows with every name that is made: where a listing goes on. */
  readonly order: number
}

export interface Node {
  readonly ino: number
  mode: number
  uid: number
  gid: number
  nlink: number
  rdev: number
  size: number
  data: Buffer
  target: string
  atime: fuse.Time
  mtime: fuse.Time
  ctime: fuse.Time
  readonly btime: fuse.Time
  readonly names: Map<string, Name>
  readonly xattrs: Map<string, Buffer>
  lookups: number
  opens: number
}

export function now(): fuse.Time {
  const ms = Date.now()
  return { sec: Math.floor(ms / 1000), nsec: (ms % 1000) * 1e6 }
}

export class MemoryNodes {
  readonly nodes = new Map<number, Node>()
  #nextIno = 1
  #nextOrder = 3

  constructor(firstNode: number) {
    const root = this.make(S_IFDIR | 0o755, 0, 0)
    root.lookups = 1
    this.#nextIno = firstNode
  }

  make(mode: number, uid: number, gid: number): Node {
    const time = now()
    const node: Node = {
      ino: this.#nextIno++,
      mode,
      uid,
      gid,
      nlink: (mode & S_IFMT) === S_IFDIR ? 2 : 1,
      rdev: 0,
      size: 0,
      data: NO_DATA,
      target: '',
      atime: time,
      mtime: time,
      ctime: time,
      btime: time,
      names: new Map(),
      xattrs: new Map(),
      lookups: 0,
      opens: 0,
    }
    this.nodes.set(node.ino, node)
    return node
  }

  node(ino: number): Node {
    const node = this.nodes.get(ino)
    if (!node) throw Object.assign(new Error('a node that is not there'), { errno: Errno.ESTALE })
    return node
  }

  dropIfUnused(node: Node): void {
    if (node.nlink <= 0 && node.lookups <= 0 && node.opens <= 0) this.nodes.delete(node.ino)
  }

  attributes(node: Node): fuse.Attributes {
    const { ino, mode, nlink, uid, gid, rdev, size, atime, mtime, ctime, btime } = node
    const blocks = Math.ceil(node.data.length / 512)
    return {
      ino,
      size,
      blocks,
      atime,
      mtime,
      ctime,
      btime,
      mode,
      nlink,
      uid,
      gid,
      rdev,
      blksize: 4096,
    }
  }

  link(parent: Node, name: string, node: Node): void {
    parent.names.set(name, { node, order: this.#nextOrder++ })
    if ((node.mode & S_IFMT) === S_IFDIR) parent.nlink++
    parent.mtime = parent.ctime = now()
  }

  unlink(parent: Node, name: string, node: Node): void {
    parent.names.delete(name)
    parent.mtime = parent.ctime = node.ctime = now()
    if ((node.mode & S_IFMT) === S_IFDIR) {
      parent.nlink--
      node.nlink = 0
    } else {
      node.nlink--
    }
    this.dropIfUnused(node)
  }

  resize(node: Node, size: number): void {
    const stored = Math.min(size, STORED_MAX)
    if (stored > node.data.length) {
      const grown = Buffer.alloc(Math.min(Math.max(stored, 2 * node.data.length), STORED_MAX))
      node.data.copy(grown, 0, 0, node.size)
      node.data = grown
    } else {
      node.data.fill(0, stored, node.size)
    }
    node.size = size
    node.mtime = node.ctime = now()
  }

  change(node: Node, args: fuse.SetattrArguments): void {
    if (args.mode !== undefined) node.mode = (node.mode & S_IFMT) | (args.mode & 0o7777)
    if (args.uid !== undefined) node.uid = args.uid
    if (args.gid !== undefined) node.gid = args.gid
    if (args.size !== undefined) this.resize(node, args.size)
    if (args.atime) node.atime = args.atime === 'now' ? now() : args.atime
    if (args.mtime) node.mtime = args.mtime === 'now' ? now() : args.mtime
    node.ctime = now()
  }

  read(node: Node, offset: number, size: number): Buffer {
    return node.data.subarray(Math.min(offset, node.size), Math.min(offset + size, node.size))
  }

  write(node: Node, offset: number, data: Buffer): number {
    if (offset + data.length > node.size) this.resize(node, offset + data.length)
    data.copy(node.data, Math.min(offset, STORED_MAX))
    node.mtime = node.ctime = now()
    return data.length
  }

  /** An errno, or undefined when it is done. */
  rename(parent: Node, args: fuse.RenameArguments): number | undefined {
    const newParent = this.node(args.newParent)
    const found = parent.names.get(args.name)
    const target = newParent.names.get(args.newName)
    if (!found) return Errno.ENOENT
    if (target && args.flags & RENAME_NOREPLACE) return Errno.EEXIST
    if (args.flags & RENAME_EXCHANGE) {
      if (!target) return Errno.ENOENT
      this.link(parent, args.name, target.node)
    } else {
      if (target && target.node.names.size > 0) return Errno.ENOTEMPTY
      parent.names.delete(args.name)
      if (target) this.unlink(newParent, args.newName, target.node)
    }
    this.link(newParent, args.newName, found.node)
    return undefined
  }
}
