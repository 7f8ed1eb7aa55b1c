// A file system that lives in memory and answers every request of the protocol at once: what the
// transport is tested and measured with. Not a model of CassFS: no permissions, no limits, and
// names are ordered by when they were made.

import type * as fuse from '../../src/fuse/handler.js'
import { Errno } from '../../src/posix/errno.js'
import { MemoryLocks } from './memory-locks.js'
import { MemoryNodes, type Node, S_IFDIR, S_IFMT } from './memory-nodes.js'

const S_IFREG = 0o100000
const S_IFLNK = 0o120000
const FALLOC_FL_KEEP_SIZE = 1
const SEEK_DATA = 3

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
  readonly #locks = new MemoryLocks()
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
    this.#tree.change(node, args)
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
    return this.#tree.rename(this.#tree.node(request.nodeid), args)
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
    return this.#tree.read(this.#tree.node(request.nodeid), offset, size)
  }

  write(request: fuse.Request, { offset, data }: fuse.WriteArguments) {
    return { size: this.#tree.write(this.#tree.node(request.nodeid), offset, data) }
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
    const data = this.#tree.read(this.#tree.node(request.nodeid), args.offsetIn, args.length)
    return { size: this.#tree.write(this.#tree.node(args.nodeidOut), args.offsetOut, data) }
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

  getlk(request: fuse.Request, args: fuse.LockArguments) {
    return this.#locks.get(request.nodeid, args)
  }

  setlk(request: fuse.Request, args: fuse.LockArguments) {
    return this.#locks.set(request.nodeid, args)
  }

  setlkw(request: fuse.Request, args: fuse.LockArguments) {
    return this.#locks.setOrWait(request.nodeid, args, request)
  }

  statfs() {
    const half = 1 << 19
    const counts = { blocks: 2 * half, bfree: half, bavail: half, files: 2 * half, ffree: half }
    return { ...counts, bsize: 4096, frsize: 4096, namelen: 255 }
  }

  syncfs() {
    return undefined
  }
}
