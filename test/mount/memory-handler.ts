// A file system that lives in memory and answers every request of the protocol at once: what the
// transport is tested and measured with. Not a model of CassFS: no permissions, no limits, and
// names are ordered by when they were made.

import type * as fuse from '../../src/fuse/handler.js'
import { Errno } from '../../src/posix/errno.js'

const S_IFMT = 0o170000
const S_IFDIR = 0o040000
const S_IFREG = 0o100000
const S_IFLNK = 0o120000
const RENAME_NOREPLACE = 1
const RENAME_EXCHANGE = 2
const FALLOC_FL_KEEP_SIZE = 1
const SEEK_DATA = 3
const F_UNLCK = 2
const F_WRLCK = 1
/** Content beyond this is forgotten, so that a test may use offsets of any size. */
const STORED_MAX = 1 << 28

interface Name {
  readonly node: Node
  /** Grows with every name that is made: where a listing goes on. */
  readonly order: number
}

interface Node {
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
  lock: { readonly owner: string; readonly lock: fuse.FileLock } | undefined
}

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

function now(): fuse.Time {
  const ms = Date.now()
  return { sec: Math.floor(ms / 1000), nsec: (ms % 1000) * 1e6 }
}

export class MemoryHandler implements fuse.Handler {
  readonly nodes = new Map<number, Node>()
  readonly #options: MemoryOptions
  readonly #lockWaiters: (() => void)[] = []
  #nextIno = 1
  #nextOrder = 3
  #nextHandle = 1
  destroyed = 0

  constructor(options: MemoryOptions) {
    this.#options = options
    const root = this.#make(S_IFDIR | 0o755, 0, 0)
    root.nlink = 2
    root.lookups = 1
    this.#nextIno = options.firstNode ?? 2
    this.#nextHandle = options.firstHandle ?? 1
  }

  destroy(): void {
    this.destroyed++
  }

  #make(mode: number, uid: number, gid: number): Node {
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
      lock: undefined,
    }
    this.nodes.set(node.ino, node)
    return node
  }

  #node(ino: number): Node {
    const node = this.nodes.get(ino)
    if (!node) throw Object.assign(new Error('a node that is not there'), { errno: Errno.ESTALE })
    return node
  }

  #dropIfUnused(node: Node): void {
    if (node.nlink <= 0 && node.lookups <= 0 && node.opens <= 0) this.nodes.delete(node.ino)
  }

  #attributes(node: Node): fuse.Attributes {
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

  #entry(node: Node): fuse.EntryReply {
    node.lookups++
    const attributes = this.#attributes(node)
    const { ttlMs } = this.#options
    return { nodeid: node.ino, generation: 0, attributes, entryTtlMs: ttlMs, attrTtlMs: ttlMs }
  }

  #attr(node: Node): fuse.AttrReply {
    return { attributes: this.#attributes(node), attrTtlMs: this.#options.ttlMs }
  }

  #link(parent: Node, name: string, node: Node): void {
    parent.names.set(name, { node, order: this.#nextOrder++ })
    if ((node.mode & S_IFMT) === S_IFDIR) parent.nlink++
    parent.mtime = parent.ctime = now()
  }

  #unlink(parent: Node, name: string, node: Node): void {
    parent.names.delete(name)
    parent.mtime = parent.ctime = node.ctime = now()
    if ((node.mode & S_IFMT) === S_IFDIR) {
      parent.nlink--
      node.nlink = 0
    } else {
      node.nlink--
    }
    this.#dropIfUnused(node)
  }

  #create(request: fuse.Request, name: string, mode: number, umask: number): Node | number {
    const parent = this.#node(request.nodeid)
    if (parent.names.has(name)) return Errno.EEXIST
    const node = this.#make(mode & ~umask, request.uid, request.gid)
    this.#link(parent, name, node)
    return node
  }

  lookup(request: fuse.Request, { name }: fuse.NameArguments) {
    const found = this.#node(request.nodeid).names.get(name)
    if (found) return this.#entry(found.node)
    return { nodeid: 0, entryTtlMs: this.#options.ttlMs } as const
  }

  forget(_request: fuse.Request, { nodeid, nlookup }: fuse.ForgetArguments): void {
    const node = this.#node(nodeid)
    node.lookups -= nlookup
    this.#dropIfUnused(node)
  }

  getattr(request: fuse.Request) {
    return this.#attr(this.#node(request.nodeid))
  }

  statx(request: fuse.Request) {
    return this.#attr(this.#node(request.nodeid))
  }

  setattr(request: fuse.Request, args: fuse.SetattrArguments) {
    const node = this.#node(request.nodeid)
    if (args.mode !== undefined) node.mode = (node.mode & S_IFMT) | (args.mode & 0o7777)
    if (args.uid !== undefined) node.uid = args.uid
    if (args.gid !== undefined) node.gid = args.gid
    if (args.size !== undefined) this.#resize(node, args.size)
    if (args.atime) node.atime = args.atime === 'now' ? now() : args.atime
    if (args.mtime) node.mtime = args.mtime === 'now' ? now() : args.mtime
    node.ctime = now()
    return this.#attr(node)
  }

  #resize(node: Node, size: number): void {
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

  access() {
    return undefined
  }

  readlink(request: fuse.Request) {
    return this.#node(request.nodeid).target
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
    const parent = this.#node(request.nodeid)
    const found = parent.names.get(name)
    if (!found) return Errno.ENOENT
    this.#unlink(parent, name, found.node)
    return undefined
  }

  rmdir(request: fuse.Request, { name }: fuse.NameArguments) {
    const found = this.#node(request.nodeid).names.get(name)
    if (found && found.node.names.size > 0) return Errno.ENOTEMPTY
    return this.unlink(request, { name })
  }

  rename(request: fuse.Request, args: fuse.RenameArguments) {
    const parent = this.#node(request.nodeid)
    const newParent = this.#node(args.newParent)
    const found = parent.names.get(args.name)
    const target = newParent.names.get(args.newName)
    if (!found) return Errno.ENOENT
    if (target && args.flags & RENAME_NOREPLACE) return Errno.EEXIST
    if (args.flags & RENAME_EXCHANGE) {
      if (!target) return Errno.ENOENT
      this.#link(parent, args.name, target.node)
    } else {
      if (target && target.node.names.size > 0) return Errno.ENOTEMPTY
      parent.names.delete(args.name)
      if (target) this.#unlink(newParent, args.newName, target.node)
    }
    this.#link(newParent, args.newName, found.node)
    return undefined
  }

  link(request: fuse.Request, { oldNodeid, newName }: fuse.LinkArguments) {
    const parent = this.#node(request.nodeid)
    if (parent.names.has(newName)) return Errno.EEXIST
    const node = this.#node(oldNodeid)
    node.nlink++
    this.#link(parent, newName, node)
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
    const node = this.#make(S_IFREG | (mode & ~umask & 0o7777), request.uid, request.gid)
    node.nlink = 0
    return { entry: this.#entry(node), open: this.#opened(node) }
  }

  open(request: fuse.Request, { flags }: fuse.OpenArguments) {
    const node = this.#node(request.nodeid)
    if (flags & 0o1000) this.#resize(node, 0)
    return this.#opened(node)
  }

  read(request: fuse.Request, { offset, size }: fuse.ReadArguments) {
    const node = this.#node(request.nodeid)
    return node.data.subarray(Math.min(offset, node.size), Math.min(offset + size, node.size))
  }

  write(request: fuse.Request, { offset, data }: fuse.WriteArguments) {
    const node = this.#node(request.nodeid)
    if (offset + data.length > node.size) this.#resize(node, offset + data.length)
    data.copy(node.data, Math.min(offset, STORED_MAX))
    node.mtime = node.ctime = now()
    return { size: data.length }
  }

  flush() {
    return undefined
  }

  release(request: fuse.Request) {
    const node = this.#node(request.nodeid)
    node.opens--
    this.#dropIfUnused(node)
    return undefined
  }

  fsync() {
    return undefined
  }

  fallocate(request: fuse.Request, { offset, length, mode }: fuse.FallocateArguments) {
    const node = this.#node(request.nodeid)
    const end = offset + length
    if (mode & ~FALLOC_FL_KEEP_SIZE) return Errno.EOPNOTSUPP
    if (end > node.size && !(mode & FALLOC_FL_KEEP_SIZE)) this.#resize(node, end)
    return undefined
  }

  lseek(request: fuse.Request, { offset, whence }: fuse.LseekArguments) {
    const node = this.#node(request.nodeid)
    if (offset >= node.size) return Errno.ENXIO
    return { offset: whence === SEEK_DATA ? offset : node.size }
  }

  copyFileRange(request: fuse.Request, args: fuse.CopyFileRangeArguments) {
    const from = this.#node(request.nodeid)
    const to = this.#node(args.nodeidOut)
    const data = from.data.subarray(args.offsetIn, Math.min(args.offsetIn + args.length, from.size))
    const end = args.offsetOut + data.length
    if (end > to.size) this.#resize(to, end)
    data.copy(to.data, Math.min(args.offsetOut, STORED_MAX))
    return { size: data.length }
  }

  opendir(request: fuse.Request) {
    this.#node(request.nodeid)
    return { fh: this.#nextHandle++, openFlags: this.#options.opendirFlags ?? 0 }
  }

  readdir(
    request: fuse.Request,
    { offset }: fuse.ReaddirArguments,
    list: fuse.DirectoryList<fuse.DirectoryEntry>,
  ) {
    const node = this.#node(request.nodeid)
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
        const child = this.#node(one.ino)
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
    return this.#node(request.nodeid).xattrs.get(name) ?? Errno.ENODATA
  }

  listxattr(request: fuse.Request) {
    return [...this.#node(request.nodeid).xattrs.keys()]
  }

  setxattr(request: fuse.Request, { name, value }: fuse.SetxattrArguments) {
    this.#node(request.nodeid).xattrs.set(name, value)
    return undefined
  }

  removexattr(request: fuse.Request, { name }: fuse.NameArguments) {
    return this.#node(request.nodeid).xattrs.delete(name) ? undefined : Errno.ENODATA
  }

  /** One lock a file, over all of it, is enough to see the requests come and go. */
  #blocking(node: Node, { owner }: fuse.LockArguments): fuse.FileLock | undefined {
    return node.lock && node.lock.owner !== `${owner.hi}:${owner.lo}` ? node.lock.lock : undefined
  }

  getlk(request: fuse.Request, args: fuse.LockArguments) {
    const blocking = this.#blocking(this.#node(request.nodeid), args)
    return { lock: blocking ?? { ...args.lock, type: F_UNLCK } }
  }

  setlk(request: fuse.Request, args: fuse.LockArguments) {
    const node = this.#node(request.nodeid)
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
    const node = this.#node(request.nodeid)
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

const NO_DATA = Buffer.alloc(0)
