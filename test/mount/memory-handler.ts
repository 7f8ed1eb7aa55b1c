// A file system that lives in memory and answers every request of the protocol at once: what the
// transport is tested and measured with. Not a model of CassFS: no permissions, no limits, and
// names are ordered by when they were made.

import type * as fuse from '../../src/fuse/handler.js'
import { Errno } from '../../src/posix/errno.js'
import { MemoryNodes, type Node, now, S_IFDIR, S_IFMT, STORED_MAX } from './memory-nodes.js'

const S_IFREG = 0o100000
const S_IFLNK = 0o120000
const RENAME_NOREPLACE = 1
const RENAME_EXCHANGE = 2
const FALLOC_FL_KEEP_SIZE = 1
const SEEK_DATA = 3
const F_UNLCK = 2
const F_WRLCK = 1

export interface MemoryOptions {
  /** Lifetime of names and attributes in the kernel. */
  readonly ttlMs: number
  /** FOPEN_* of every OPEN and CREATE, and of every OPENDIR. */
  readonly openFlags?: number
  readonly opendirFlags?: number
  /** The first node id after the root's, and the first file handle. */
  readonly firstNode?: number
  readonly firstHandle?: number
}

export class MemoryHandler implements fuse.Handler {
  readonly #tree: MemoryNodes
  readonly #options: MemoryOptions
  readonly #lockWaiters: (() => void)[] = []
  #nextHandle: number
  destroyed = 0

  constructor(options: MemoryOptions) {
    this.#options = options
    this.#tree = new MemoryNodes(options.firstNode ?? 2)
    this.#nextHandle = options.firstHandle ?? 1
  }

  get nodes(): Map<number, Node> {
    return this.#tree.nodes
  }

  destroy(): void {
    this.destroyed++
  }

  #entry(node: Node): fuse.EntryReply {
    node.lookups++
    const attributes = this.#tree.attributes(node)
    const { ttlMs } = this.#options
    return { nodeid: node.ino, generation: 0, attributes, entryTtlMs: ttlMs, attrTtlMs: ttlMs }
  }

  #attr(node: Node): fuse.AttrReply {
    return { attributes: this.#tree.attributes(node), attrTtlMs: this.#options.ttlMs }
  }

  #create(request: fuse.Request, name: string, mode: number, umask: number): Node | number {
    const parent = this.#tree.node(request.nodeid)
    if (parent.names.has(name)) return Errno.EEXIST
    const node = this.#tree.make(mode & ~umask, request.uid, request.gid)
    this.#tree.link(parent, name, node)
    return node
  }

  lookup(request: fuse.Request, { name }: fuse.NameArguments) {
    const found = this.#tree.node(request.nodeid).names.get(name)
    if (found) return this.#entry(found.node)
    return { nodeid: 0, entryTtlMs: this.#options.ttlMs } as const
  }

  forget(_request: fuse.Request, { nodeid, nlookup }: fuse.ForgetArguments): void {
    const node = this.#tree.node(nodeid)
    node.lookups -= nlookup
    this.#tree.dropIfUnused(node)
  }

  getattr(request: fuse.Request) {
    return this.#attr(this.#tree.node(request.nodeid))
  }

  statx(request: fuse.Request) {
    return this.#attr(this.#tree.node(request.nodeid))
  }

  setattr(request: fuse.Request, args: fuse.SetattrArguments) {
    const node = this.#tree.node(request.nodeid)
    if (args.mode !== undefined) node.mode = (node.mode & S_IFMT) | (args.mode & 0o7777)
    if (args.uid !== undefined) node.uid = args.uid
    if (args.gid !== undefined) node.gid = args.gid
    if (args.size !== undefined) this.#tree.resize(node, args.size)
    if (args.atime) node.atime = args.atime === 'now' ? now() : args.atime
    if (args.mtime) node.mtime = args.mtime === 'now' ? now() : args.mtime
    node.ctime = now()
    return this.#attr(node)
  }

  access() {
    return undefined
  }

  readlink(request: fuse.Request) {
    return this.#tree.node(request.nodeid).target
  }

  symlink(request: fuse.Request, { name, target }: fuse.SymlinkArguments) {
    const node = this.#create(request, name, S_IFLNK | 0o777, 0)
    if (typeof node === 'number') return node
    node.target = target
    node.size = target.length
    return this.#entry(node)
  }

  mknod(request: fuse.Request, { name, mode, umask, rdev }: fuse.MknodArguments) {
    const node = this.#create(request, name, mode, umask)
    if (typeof node === 'number') return node
    node.rdev = rdev
    return this.#entry(node)
  }

  mkdir(request: fuse.Request, { name, mode, umask }: fuse.MkdirArguments) {
    const node = this.#create(request, name, S_IFDIR | mode, umask)
    return typeof node === 'number' ? node : this.#entry(node)
  }

  unlink(request: fuse.Request, { name }: fuse.NameArguments) {
    const parent = this.#tree.node(request.nodeid)
    const found = parent.names.get(name)
    if (!found) return Errno.ENOENT
    this.#tree.unlink(parent, name, found.node)
    return undefined
  }

  rmdir(request: fuse.Request, { name }: fuse.NameArguments) {
    const found = this.#tree.node(request.nodeid).names.get(name)
    if (found && found.node.names.size > 0) return Errno.ENOTEMPTY
    return this.unlink(request, { name })
  }

  rename(request: fuse.Request, args: fuse.RenameArguments) {
    const parent = this.#tree.node(request.nodeid)
    const newParent = this.#tree.node(args.newParent)
    const found = parent.names.get(args.name)
    const target = newParent.names.get(args.newName)
    if (!found) return Errno.ENOENT
    if (target && args.flags & RENAME_NOREPLACE) return Errno.EEXIST
    if (args.flags & RENAME_EXCHANGE) {
      if (!target) return Errno.ENOENT
      this.#tree.link(parent, args.name, target.node)
    } else {
      if (target && target.node.names.size > 0) return Errno.ENOTEMPTY
      parent.names.delete(args.name)
      if (target) this.#tree.unlink(newParent, args.newName, target.node)
    }
    this.#tree.link(newParent, args.newName, found.node)
    return undefined
  }

  link(request: fuse.Request, { oldNodeid, newName }: fuse.LinkArguments) {
    const parent = this.#tree.node(request.nodeid)
    if (parent.names.has(newName)) return Errno.EEXIST
    const node = this.#tree.node(oldNodeid)
    node.nlink++
    this.#tree.link(parent, newName, node)
    return this.#entry(node)
  }

  #opened(node: Node): fuse.OpenReply {
    node.opens++
    return { fh: this.#nextHandle++, openFlags: this.#options.openFlags ?? 0 }
  }

  create(request: fuse.Request, { name, mode, umask }: fuse.CreateArguments) {
    const node = this.#create(request, name, S_IFREG | mode, umask)
    return typeof node === 'number' ? node : { entry: this.#entry(node), open: this.#opened(node) }
  }

  tmpfile(request: fuse.Request, { mode, umask }: fuse.CreateArguments) {
    const node = this.#tree.make(S_IFREG | (mode & ~umask & 0o7777), request.uid, request.gid)
    node.nlink = 0
    return { entry: this.#entry(node), open: this.#opened(node) }
  }

  open(request: fuse.Request, { flags }: fuse.OpenArguments) {
    const node = this.#tree.node(request.nodeid)
    if (flags & 0o1000) this.#tree.resize(node, 0)
    return this.#opened(node)
  }

  read(request: fuse.Request, { offset, size }: fuse.ReadArguments) {
    const node = this.#tree.node(request.nodeid)
    return node.data.subarray(Math.min(offset, node.size), Math.min(offset + size, node.size))
  }

  write(request: fuse.Request, { offset, data }: fuse.WriteArguments) {
    const node = this.#tree.node(request.nodeid)
    if (offset + data.length > node.size) this.#tree.resize(node, offset + data.length)
    data.copy(node.data, Math.min(offset, STORED_MAX))
    node.mtime = node.ctime = now()
    return { size: data.length }
  }

  flush() {
    return undefined
  }

  release(request: fuse.Request) {
    const node = this.#tree.node(request.nodeid)
    node.opens--
    this.#tree.dropIfUnused(node)
    return undefined
  }

  fsync() {
    return undefined
  }

  fallocate(request: fuse.Request, { offset, length, mode }: fuse.FallocateArguments) {
    const node = this.#tree.node(request.nodeid)
    const end = offset + length
    if (mode & ~FALLOC_FL_KEEP_SIZE) return Errno.EOPNOTSUPP
    if (end > node.size && !(mode & FALLOC_FL_KEEP_SIZE)) this.#tree.resize(node, end)
    return undefined
  }

  lseek(request: fuse.Request, { offset, whence }: fuse.LseekArguments) {
    const node = this.#tree.node(request.nodeid)
    if (offset >= node.size) return Errno.ENXIO
    return { offset: whence === SEEK_DATA ? offset : node.size }
  }

  copyFileRange(request: fuse.Request, args: fuse.CopyFileRangeArguments) {
    const from = this.#tree.node(request.nodeid)
    const to = this.#tree.node(args.nodeidOut)
    const data = from.data.subarray(args.offsetIn, Math.min(args.offsetIn + args.length, from.size))
    const end = args.offsetOut + data.length
    if (end > to.size) this.#tree.resize(to, end)
    data.copy(to.data, Math.min(args.offsetOut, STORED_MAX))
    return { size: data.length }
  }

  opendir(request: fuse.Request) {
    this.#tree.node(request.nodeid)
    return { fh: this.#nextHandle++, openFlags: this.#options.opendirFlags ?? 0 }
  }

  readdir(
    request: fuse.Request,
    { offset }: fuse.ReaddirArguments,
    list: fuse.DirectoryList<fuse.DirectoryEntry>,
  ) {
    const node = this.#tree.node(request.nodeid)
    const dot = { name: '.', ino: node.ino, type: S_IFDIR >> 12, offset: 1 }
    if (offset < 1 && !list.add(dot)) return undefined
    if (offset < 2 && !list.add({ ...dot, name: '..', offset: 2 })) return undefined
    for (const [name, { node: child, order }] of node.names) {
      if (order <= offset) continue
      const type = (child.mode & S_IFMT) >> 12
      if (!list.add({ name, ino: child.ino, type, offset: order })) break
    }
    return undefined
  }

  readdirplus(
    request: fuse.Request,
    args: fuse.ReaddirArguments,
    list: fuse.DirectoryList<fuse.DirectoryEntryPlus>,
  ) {
    return this.readdir(request, args, {
      add: (one) => {
        const isDot = one.name === '.' || one.name === '..'
        if (isDot) return list.add(one)
        const child = this.#tree.node(one.ino)
        const isTaken = list.add({ ...one, entry: this.#entry(child) })
        if (!isTaken) child.lookups--
        return isTaken
      },
    })
  }

  releasedir() {
    return undefined
  }

  fsyncdir() {
    return undefined
  }

  getxattr(request: fuse.Request, { name }: fuse.NameArguments) {
    return this.#tree.node(request.nodeid).xattrs.get(name) ?? Errno.ENODATA
  }

  listxattr(request: fuse.Request) {
    return [...this.#tree.node(request.nodeid).xattrs.keys()]
  }

  setxattr(request: fuse.Request, { name, value }: fuse.SetxattrArguments) {
    this.#tree.node(request.nodeid).xattrs.set(name, value)
    return undefined
  }

  removexattr(request: fuse.Request, { name }: fuse.NameArguments) {
    return this.#tree.node(request.nodeid).xattrs.delete(name) ? undefined : Errno.ENODATA
  }

  /** One lock a file, over all of it, is enough to see the requests come and go. */
  #blocking(node: Node, { owner }: fuse.LockArguments): fuse.FileLock | undefined {
    return node.lock && node.lock.owner !== `${owner.hi}:${owner.lo}` ? node.lock.lock : undefined
  }

  getlk(request: fuse.Request, args: fuse.LockArguments) {
    const blocking = this.#blocking(this.#tree.node(request.nodeid), args)
    return { lock: blocking ?? { ...args.lock, type: F_UNLCK } }
  }

  setlk(request: fuse.Request, args: fuse.LockArguments) {
    const node = this.#tree.node(request.nodeid)
    if (this.#blocking(node, args)) return Errno.EAGAIN
    if (args.lock.type === F_UNLCK) {
      node.lock = undefined
      for (const wake of this.#lockWaiters.splice(0)) wake()
    } else if (args.lock.type === F_WRLCK || node.lock === undefined) {
      node.lock = { owner: `${args.owner.hi}:${args.owner.lo}`, lock: args.lock }
    }
    return undefined
  }

  setlkw(request: fuse.Request, args: fuse.LockArguments) {
    const node = this.#tree.node(request.nodeid)
    if (!this.#blocking(node, args)) return this.setlk(request, args)
    return this.#waitForLock(node, request, args)
  }

  async #waitForLock(node: Node, request: fuse.Request, args: fuse.LockArguments) {
    const { signal } = request
    while (this.#blocking(node, args) && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#lockWaiters.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    return signal.aborted ? Errno.EINTR : this.setlk(request, args)
  }

  statfs() {
    return {
      blocks: 1 << 20,
      bfree: 1 << 19,
      bavail: 1 << 19,
      files: 1 << 20,
      ffree: 1 << 19,
      bsize: 4096,
      frsize: 4096,
      namelen: 255,
    }
  }

  syncfs() {
    return undefined
  }
}
