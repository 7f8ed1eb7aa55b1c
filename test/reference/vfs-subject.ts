// What is compared with the host: a vfs, called by path as the library and the kernel call it.

import { FsError } from '../../src/posix/errno.js'
import { isDirectory, isRegular, isSymlink } from '../../src/posix/mode.js'
import type { Caller, Handle, Vfs } from '../../src/vfs/vfs.js'
import { type Inode, rootIno, type Timespec } from '../../src/volume/inode.js'
import { root } from '../vfs/test-vfs.js'
import { callers, type Operation } from './operation.js'
import { type Entry, nothingOpen, type Subject, statValue, type Tree } from './subject.js'

const O_CREAT = 0o100

export async function openVfsSubject(vfs: Vfs, close: () => Promise<void>): Promise<Subject> {
  await vfs.setattr(root, rootIno, { mode: 0o777 })
  const calls = new PathCalls(vfs)
  return {
    run: async (operation) => {
      try {
        return { value: (await calls.run(operation)) ?? null }
      } catch (error) {
        if (error instanceof FsError) return { errno: error.code }
        throw error
      }
    },
    tree: () => treeOf(vfs),
    close,
  }
}

class PathCalls {
  readonly #vfs: Vfs
  readonly #open = new Map<number, Handle>()

  constructor(vfs: Vfs) {
    this.#vfs = vfs
  }

  async run(operation: Operation): Promise<unknown> {
    if ('slot' in operation) return this.#onHandle(operation)
    const vfs = this.#vfs
    const caller = callers[operation.who] as Caller
    const { parent, name } = await this.#parent(caller, operation.path)
    const ino = async () => (await this.#existing(caller, parent, name)).ino
    switch (operation.op) {
      case 'mkdir':
        await vfs.mkdir(caller, parent, name, operation.mode)
        return undefined
      case 'truncate':
        await vfs.setattr(caller, await ino(), { size: operation.size })
        return undefined
      case 'unlink':
        return vfs.unlink(caller, parent, name)
      case 'rmdir':
        return vfs.rmdir(caller, parent, name)
      case 'lstat':
        return statOf(await vfs.getattr(caller, await ino()))
      case 'readdir':
        return this.#names(caller, await ino())
      case 'rename': {
        const to = await this.#parent(caller, operation.to)
        return vfs.rename(caller, parent, name, to.parent, to.name, 0)
      }
      case 'link': {
        const source = await ino()
        const to = await this.#parent(caller, operation.to)
        await vfs.link(caller, source, to.parent, to.name)
        return undefined
      }
      case 'symlink':
        await vfs.symlink(caller, parent, name, operation.target)
        return undefined
      case 'chmod':
        await vfs.setattr(caller, await ino(), { mode: operation.mode })
        return undefined
      case 'lchown':
        await vfs.setattr(caller, await ino(), { uid: operation.uid, gid: operation.gid })
        return undefined
      case 'lutimes': {
        const atime = { sec: operation.atime, nsec: 0 }
        const mtime = { sec: operation.mtime, nsec: 0 }
        await vfs.setattr(caller, await ino(), { atime, mtime })
        return undefined
      }
      case 'access':
        if (caller.uid === 0) return vfs.access(caller, await ino(), operation.mask)
        await ino()
        return 'as another user: only that it exists'
    }
  }

  async #onHandle(operation: Operation & { slot: number }): Promise<unknown> {
    const vfs = this.#vfs
    const caller = callers[operation.who] as Caller
    if (operation.op === 'open') {
      const handle = await this.#openPath(caller, operation)
      const old = this.#open.get(operation.slot)
      this.#open.set(operation.slot, handle)
      if (old !== undefined) await this.#close(caller, old)
      return undefined
    }
    const handle = this.#open.get(operation.slot)
    if (handle === undefined) return nothingOpen
    switch (operation.op) {
      case 'write': {
        const data = Buffer.alloc(operation.length, operation.byte)
        return vfs.write(caller, handle, operation.offset, data)
      }
      case 'read': {
        const pieces = await vfs.read(caller, handle, operation.offset, operation.length)
        return Buffer.concat(pieces).toString('latin1')
      }
      case 'fallocate': {
        const { mode, offset, length } = operation
        await vfs.fallocate(caller, handle, mode, offset, length)
        return undefined
      }
      case 'ftruncate':
        await vfs.setattr(caller, this.#inoOf(handle), { size: operation.size }, handle)
        return undefined
      case 'fsync':
        return vfs.fsync(caller, handle, false)
      case 'fstat':
        return statOf(await vfs.getattr(caller, this.#inoOf(handle), handle))
      case 'close':
        this.#open.delete(operation.slot)
        return this.#close(caller, handle)
    }
  }

  readonly #inos = new Map<Handle, number>()

  #inoOf(handle: Handle): number {
    return this.#inos.get(handle) as number
  }

  async #openPath(caller: Caller, operation: Operation & { op: 'open' }): Promise<Handle> {
    const vfs = this.#vfs
    const { flags, mode } = operation
    const { parent, name } = await this.#parent(caller, operation.path)
    if (flags & O_CREAT) {
      const { inode, handle } = await vfs.create(caller, parent, name, mode, flags)
      this.#inos.set(handle, inode.ino)
      return handle
    }
    const { ino } = await this.#existing(caller, parent, name)
    const handle = await vfs.open(caller, ino, flags)
    this.#inos.set(handle, ino)
    return handle
  }

  async #close(caller: Caller, handle: Handle): Promise<void> {
    this.#inos.delete(handle)
    try {
      await this.#vfs.flush(caller, handle)
    } finally {
      await this.#vfs.release(caller, handle)
    }
  }

  async #parent(caller: Caller, path: string): Promise<{ parent: number; name: string }> {
    const parts = path.split('/')
    const name = parts.pop() as string
    let parent = rootIno
    for (const part of parts) parent = (await this.#existing(caller, parent, part)).ino
    // That it is a directory, and may be searched, is checked before the last name is looked at.
    await this.#vfs.lookup(caller, parent, '.')
    return { parent, name }
  }

  async #existing(caller: Caller, parent: number, name: string): Promise<Inode> {
    const inode = await this.#vfs.lookup(caller, parent, name)
    if (!inode) throw new FsError(2)
    return inode
  }

  async #names(caller: Caller, ino: number): Promise<string[]> {
    const handle = await this.#vfs.opendir(caller, ino)
    const names: string[] = []
    await this.#vfs.readdir(caller, handle, 0, ({ name }) => {
      if (name !== '.' && name !== '..') names.push(name)
      return true
    })
    this.#vfs.releasedir(caller, handle)
    return names.sort()
  }
}

function statOf(inode: Inode): unknown {
  const { mode, uid, gid, nlink } = inode
  return statValue({ mode, uid, gid, nlink, size: isDirectory(inode) ? undefined : inode.size })
}

async function treeOf(vfs: Vfs): Promise<Tree> {
  const tree = new Map<string, Entry>()
  const visit = async (inode: Inode, path: string) => {
    tree.set(path, await entryOf(vfs, inode))
    if (!isDirectory(inode)) return
    const handle = await vfs.opendir(root, inode.ino)
    const names: string[] = []
    await vfs.readdir(root, handle, 0, ({ name }) => names.push(name) > 0)
    vfs.releasedir(root, handle)
    for (const name of names.filter((name) => name !== '.' && name !== '..')) {
      const child = await vfs.lookup(root, inode.ino, name)
      if (!child) throw new Error(`${path}/${name} is listed, but not found`)
      await visit(child, path === '' ? name : `${path}/${name}`)
    }
  }
  await visit(await vfs.getattr(root, rootIno), '')
  return tree
}

async function entryOf(vfs: Vfs, inode: Inode): Promise<Entry> {
  let content: string | undefined
  if (isSymlink(inode)) content = inode.target
  if (isRegular(inode)) {
    const handle = await vfs.open(root, inode.ino, 0)
    const pieces = await vfs.read(root, handle, 0, inode.size + 1)
    content = Buffer.concat(pieces).toString('latin1')
    await vfs.release(root, handle)
  }
  const { ino, mode, uid, gid, nlink, mtime, ctime } = inode
  const size = isDirectory(inode) ? undefined : inode.size
  const times = { mtime: nanoseconds(mtime), ctime: nanoseconds(ctime) }
  return { ino, mode, uid, gid, nlink, size, content, xattrs: [], ...times }
}

function nanoseconds({ sec, nsec }: Timespec): bigint {
  return BigInt(sec) * 1_000_000_000n + BigInt(nsec)
}
