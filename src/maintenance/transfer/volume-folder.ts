// A folder of an open volume. A file is made without a name first and linked when it is whole: so it
// appears with its bytes and attributes in one change, and one that is never finished leaves nothing.

import { aclAccessName } from '../../posix/acl.js'
import { Errno, FsError } from '../../posix/errno.js'
import { isDirectory, isRegular, isSymlink, permissionBits } from '../../posix/mode.js'
import { O_RDONLY, O_RDWR } from '../../posix/open-flags.js'
import type { Caller, Handle, Vfs } from '../../vfs/vfs.js'
import { Seek } from '../../vfs/vfs.js'
import type { Inode } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import {
  type Content,
  type Entry,
  type Extent,
  isDevice,
  isOther,
  type Piece,
  type PresentEntry,
} from './entry.js'
import { temporaryName, travels, type WritableFolder } from './folder.js'

const pieceBytes = 1 << 20

/** Whoever can open the store may do everything in it. */
export const transferCaller: Caller = { uid: 0, gid: 0, umask: 0, pid: process.pid }

export class VolumeFolder implements WritableFolder {
  readonly isPrivileged = true
  readonly ino: number
  readonly #vfs: Vfs

  constructor(vfs: Vfs, ino: number) {
    this.#vfs = vfs
    this.ino = ino
  }

  async names(): Promise<Name[]> {
    const vfs = this.#vfs
    const handle = await vfs.opendir(transferCaller, this.ino)
    const names: Name[] = []
    try {
      await vfs.readdir(transferCaller, handle, 0, ({ name }) => {
        if (name !== '.' && name !== '..') names.push(name)
        return true
      })
    } finally {
      vfs.releasedir(transferCaller, handle)
    }
    return names.sort((a, b) => (a < b ? -1 : 1))
  }

  async look(name: Name): Promise<PresentEntry | undefined> {
    const inode = await this.#vfs.lookup(transferCaller, this.ino, name)
    return inode && this.#entryOf(inode)
  }

  async lookHere(): Promise<PresentEntry> {
    return this.#entryOf(await this.#vfs.getattr(transferCaller, this.ino))
  }

  async enter(name: Name): Promise<VolumeFolder> {
    const inode = await this.#present(name)
    if (!isDirectory(inode)) throw new FsError(Errno.ENOTDIR)
    return new VolumeFolder(this.#vfs, inode.ino)
  }

  async read(name: Name): Promise<Content> {
    const inode = await this.#present(name)
    if (!isRegular(inode)) throw new FsError(Errno.EINVAL, 'not a regular file')
    const handle = await this.#vfs.open(transferCaller, inode.ino, O_RDONLY)
    return new VolumeContent(this.#vfs, inode, handle)
  }

  close(): void {
    // An inode number holds nothing.
  }

  async makeFolder(name: Name): Promise<void> {
    await this.#vfs.mkdir(transferCaller, this.ino, name, 0o700)
  }

  async makeFile(
    name: Name,
    entry: Entry,
    pieces: AsyncIterable<Piece>,
    replace: boolean,
  ): Promise<void> {
    const vfs = this.#vfs
    const { inode, handle } = await vfs.tmpfile(transferCaller, this.ino, 0o600, O_RDWR)
    try {
      await this.#setOwner(inode.ino, entry)
      let end = 0
      for await (const { offset, bytes } of pieces) {
        await vfs.write(transferCaller, handle, offset, bytes)
        end = offset + bytes.length
      }
      if (end !== entry.size)
        await vfs.setattr(transferCaller, inode.ino, { size: entry.size }, handle)
      // Behind the bytes: a capability does not outlive a write.
      await this.#setXattrs(inode.ino, entry)
      await this.#setTimes(inode.ino, entry)
      await this.#name(inode.ino, name, replace)
    } finally {
      await vfs.release(transferCaller, handle)
    }
  }

  async makeSpecial(name: Name, entry: Entry, replace: boolean): Promise<void> {
    const vfs = this.#vfs
    const made = replace ? temporaryName() : name
    const rdev = isDevice(entry) ? entry.rdev : 0
    const inode = isSymlink(entry)
      ? await vfs.symlink(transferCaller, this.ino, made, entry.target)
      : await vfs.mknod(transferCaller, this.ino, made, entry.mode, rdev)
    try {
      await this.#setAll(inode.ino, entry)
      if (replace) await this.#renameOver(made, name)
    } catch (error) {
      await vfs.unlink(transferCaller, this.ino, made)
      throw error
    }
  }

  async link(from: WritableFolder, fromName: Name, name: Name, replace: boolean): Promise<void> {
    if (!(from instanceof VolumeFolder)) throw new FsError(Errno.EXDEV)
    const { ino } = await from.#present(fromName)
    await this.#name(ino, name, replace)
  }

  async setAttributes(name: Name, entry: Entry, { fileId }: PresentEntry): Promise<void> {
    const { ino } = await this.#present(name)
    if (String(ino) !== fileId) throw new FsError(Errno.ESTALE, 'something else has taken its name')
    await this.#setAll(ino, entry)
  }

  async setOwnAttributes(entry: Entry): Promise<void> {
    await this.#setAll(this.ino, entry)
  }

  async unlink(name: Name): Promise<void> {
    await this.#vfs.unlink(transferCaller, this.ino, name)
  }

  async rmdir(name: Name): Promise<void> {
    await this.#vfs.rmdir(transferCaller, this.ino, name)
  }

  async #present(name: Name): Promise<Inode> {
    const inode = await this.#vfs.lookup(transferCaller, this.ino, name)
    if (!inode) throw new FsError(Errno.ENOENT)
    return inode
  }

  /** Gives the inode one more name; `replace`: in the place of what has it. */
  async #name(ino: number, name: Name, replace: boolean): Promise<void> {
    if (!replace) return void (await this.#vfs.link(transferCaller, ino, this.ino, name))
    const made = temporaryName()
    await this.#vfs.link(transferCaller, ino, this.ino, made)
    await this.#renameOver(made, name).catch(async (error) => {
      await this.#vfs.unlink(transferCaller, this.ino, made)
      throw error
    })
  }

  async #renameOver(made: Name, name: Name): Promise<void> {
    await this.#vfs.rename(transferCaller, this.ino, made, this.ino, name, 0)
  }

  /** The owner first: a change of it takes set-id bits. Times last: everything else moves them. */
  async #setAll(ino: number, entry: Entry): Promise<void> {
    await this.#setOwner(ino, entry)
    await this.#setXattrs(ino, entry)
    await this.#setTimes(ino, entry)
  }

  async #setOwner(ino: number, entry: Entry): Promise<void> {
    const { uid, gid } = entry
    const mode = isSymlink(entry) ? undefined : entry.mode & permissionBits
    await this.#vfs.setattr(transferCaller, ino, { uid, gid, mode })
  }

  async #setTimes(ino: number, { mtime, atime }: Entry): Promise<void> {
    await this.#vfs.setattr(transferCaller, ino, { mtime, atime: atime ?? mtime })
  }

  /** Exactly those: what a new file inherited of its folder goes as well. */
  async #setXattrs(ino: number, { xattrs, mode }: Entry): Promise<void> {
    const vfs = this.#vfs
    const present = await vfs.listxattr(transferCaller, ino)
    if (present.length === 0 && xattrs.size === 0) return
    for (const name of present)
      if (!xattrs.has(name) && travels(name, true)) await vfs.removexattr(transferCaller, ino, name)
    for (const [name, value] of xattrs) {
      const now = await vfs.getxattr(transferCaller, ino, name)
      if (!now || Buffer.compare(now, value) !== 0)
        await vfs.setxattr(transferCaller, ino, name, value, 0)
    }
    // An ACL that comes or goes is a change of mode.
    if (present.includes(aclAccessName) || xattrs.has(aclAccessName))
      await vfs.setattr(transferCaller, ino, { mode: mode & permissionBits })
  }

  async #entryOf(inode: Inode): Promise<PresentEntry> {
    const { ino, mode, uid, gid, mtime, atime, ctime, rdev, target, nlink } = inode
    const size = isRegular(inode) ? inode.size : 0
    const isShared = nlink > 1 && !isDirectory(inode)
    const identity = isShared ? String(ino) : undefined
    const xattrs = await this.#xattrsOf(inode)
    const fileId = String(ino)
    return { mode, uid, gid, size, mtime, atime, ctime, rdev, target, xattrs, identity, fileId }
  }

  async #xattrsOf({ ino, xattrs, xattrBlock }: Inode): Promise<Map<Name, Uint8Array>> {
    const found = new Map<Name, Uint8Array>()
    if (xattrs.size === 0 && !xattrBlock) return found
    for (const name of await this.#vfs.listxattr(transferCaller, ino)) {
      const value = await this.#vfs.getxattr(transferCaller, ino, name)
      if (value && travels(name, true)) found.set(name, value)
    }
    return found
  }
}

class VolumeContent implements Content {
  #extents: Promise<readonly Extent[]> | undefined
  readonly #vfs: Vfs
  readonly #inode: Inode
  readonly #handle: Handle

  constructor(vfs: Vfs, inode: Inode, handle: Handle) {
    this.#vfs = vfs
    this.#inode = inode
    this.#handle = handle
  }

  async *pieces(): AsyncGenerator<Piece> {
    for (const { offset, length } of await this.extents()) {
      const end = offset + length
      for (let at = offset; at < end; ) {
        const size = Math.min(pieceBytes, end - at)
        const parts = await this.#vfs.read(transferCaller, this.#handle, at, size)
        // What the vfs hands out is valid for this tick only.
        const bytes = Buffer.concat(parts)
        if (bytes.length === 0) return
        yield { offset: at, bytes }
        at += bytes.length
      }
    }
  }

  extents(): Promise<readonly Extent[]> {
    this.#extents ??= this.#findExtents()
    return this.#extents
  }

  async #findExtents(): Promise<Extent[]> {
    const { size } = this.#inode
    const found: Extent[] = []
    for (let at = 0; at < size; ) {
      const data = await this.#seek(at, Seek.data)
      if (data === undefined || data >= size) break
      const hole = Math.min((await this.#seek(data, Seek.hole)) ?? size, size)
      found.push({ offset: data, length: hole - data })
      at = hole
    }
    return found
  }

  /** Undefined: nothing of the kind follows. */
  async #seek(offset: number, whence: number): Promise<number | undefined> {
    try {
      return await this.#vfs.lseek(transferCaller, this.#handle, offset, whence)
    } catch (error) {
      if (error instanceof FsError && error.errno === Errno.ENXIO) return undefined
      throw error
    }
  }

  async isChanged(entry: Entry): Promise<boolean> {
    const { ino } = this.#inode
    const { size, mtime } = await this.#vfs.getattr(transferCaller, ino, this.#handle)
    return isOther(entry, { size, mtime, fileId: String(ino) })
  }

  async close(): Promise<void> {
    await this.#vfs.release(transferCaller, this.#handle)
  }
}
