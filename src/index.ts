// The library: a volume's files from Node, without a mount and without FUSE, shaped as fs/promises. Paths
// begin at the volume's root. A string is UTF-8; for names of other bytes hand in a Buffer, and ask
// readdir and readlink for Buffers. Who asks is root unless `uid` says otherwise.

import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { openEnvironment } from './environments/open-environment.js'
import { Errno, FsError } from './posix/errno.js'
import { isDirectory, isRegular, isSymlink } from './posix/mode.js'
import { O_RDONLY } from './posix/open-flags.js'
import { openStore, type StoreConfig } from './store/open-store.js'
import type { Store } from './store/store.js'
import { blockRetries, withRetry } from './store/with-retry.js'
import { type OpenVolume, openVolume as openVfsVolume } from './vfs/open-volume.js'
import { resolvePath } from './vfs/resolve-path.js'
import type { Caller } from './vfs/vfs.js'
import type { Inode, Timespec } from './volume/inode.js'

export { FsError } from './posix/errno.js'
export type { StoreConfig } from './store/open-store.js'
export { StoreUnavailable, StoreUnusable } from './store/store.js'

/** UTF-8 text, or the bytes themselves. */
export type VolumePath = string | Buffer

export interface LibraryOptions {
  readonly store: StoreConfig
  /** Default `1`. */
  readonly owner?: string
  /** Default `prod`. */
  readonly environment?: string
  /** Whose permissions are checked; default root. */
  readonly uid?: number
  readonly gid?: number
}

/** As fs.Stats; times are in milliseconds, with fractions. */
export interface VolumeStats {
  readonly ino: number
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly rdev: number
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly birthtimeMs: number
  isFile(): boolean
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

export interface Volume {
  /** Names in the order of their bytes, without `.` and `..`. ENOENT, ENOTDIR, EACCES. */
  readdir(path: VolumePath): Promise<string[]>
  readdir(path: VolumePath, encoding: 'buffer'): Promise<Buffer[]>
  stat(path: VolumePath): Promise<VolumeStats>
  /** Of a link itself. */
  lstat(path: VolumePath): Promise<VolumeStats>
  readlink(path: VolumePath): Promise<string>
  readlink(path: VolumePath, encoding: 'buffer'): Promise<Buffer>
  readFile(path: VolumePath): Promise<Buffer>
  /** The file's bytes in pieces; EISDIR, ENOENT, EIO come as its error. */
  createReadStream(path: VolumePath): Readable
  close(): Promise<void>
}

const pieceBytes = 256 * 1024
const closeDeadlineMs = 15_000

/** Opens an environment. FsError, StoreUnavailable, StoreUnusable. Close it. */
export async function openVolume(options: LibraryOptions): Promise<Volume> {
  const { owner = '1', environment = 'prod', uid = 0, gid = 0 } = options
  const store = await openStore(options.store)
  try {
    const identity = await openEnvironment(store, owner, environment, undefined)
    const volume = await openVfsVolume({
      store,
      blocks: withRetry(store, blockRetries),
      volume: identity.volume,
      ownerId: identity.ownerId,
      ownerName: owner,
      spoolDirectory: path.join(tmpdir(), `cassfs-spool-${process.pid}`),
      entryTtlMs: 1000,
      readOnly: false,
      checkPermissions: true,
    })
    return new LibraryVolume(store, volume, { uid, gid, umask: 0o022, pid: process.pid })
  } catch (error) {
    await store.close()
    throw error
  }
}

class LibraryVolume implements Volume {
  readonly #store: Store
  readonly #volume: OpenVolume
  readonly #caller: Caller

  constructor(store: Store, volume: OpenVolume, caller: Caller) {
    this.#store = store
    this.#volume = volume
    this.#caller = caller
  }

  readdir(path: VolumePath): Promise<string[]>
  readdir(path: VolumePath, encoding: 'buffer'): Promise<Buffer[]>
  async readdir(path: VolumePath, encoding?: 'buffer'): Promise<string[] | Buffer[]> {
    const { vfs } = this.#volume
    const { ino } = await this.#find(path, true)
    const handle = await vfs.opendir(this.#caller, ino)
    const names: string[] = []
    try {
      await vfs.readdir(this.#caller, handle, 0, ({ name }) => {
        if (name !== '.' && name !== '..') names.push(name)
        return true
      })
    } finally {
      vfs.releasedir(this.#caller, handle)
    }
    names.sort((a, b) => (a < b ? -1 : 1))
    const found = names.map((name) => Buffer.from(name, 'latin1'))
    return encoding === 'buffer' ? found : found.map((name) => name.toString())
  }

  async stat(path: VolumePath): Promise<VolumeStats> {
    return statsOf(await this.#find(path, true))
  }

  async lstat(path: VolumePath): Promise<VolumeStats> {
    return statsOf(await this.#find(path, false))
  }

  readlink(path: VolumePath): Promise<string>
  readlink(path: VolumePath, encoding: 'buffer'): Promise<Buffer>
  async readlink(path: VolumePath, encoding?: 'buffer'): Promise<string | Buffer> {
    const { ino } = await this.#find(path, false)
    const target = Buffer.from(await this.#volume.vfs.readlink(this.#caller, ino), 'latin1')
    return encoding === 'buffer' ? target : target.toString()
  }

  async readFile(path: VolumePath): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of this.#pieces(path)) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  createReadStream(path: VolumePath): Readable {
    return Readable.from(this.#pieces(path), { objectMode: false })
  }

  async close(): Promise<void> {
    try {
      await this.#volume.close(closeDeadlineMs)
    } finally {
      await this.#store.close()
    }
  }

  #find(path: VolumePath, followLast: boolean): Promise<Inode> {
    const bytes = typeof path === 'string' ? Buffer.from(path) : path
    return resolvePath(this.#volume.vfs, this.#caller, bytes.toString('latin1'), followLast)
  }

  async *#pieces(path: VolumePath): AsyncGenerator<Buffer> {
    const { vfs } = this.#volume
    const inode = await this.#find(path, true)
    if (isDirectory(inode)) throw new FsError(Errno.EISDIR)
    if (!isRegular(inode)) throw new FsError(Errno.EINVAL, 'not a regular file')
    const handle = await vfs.open(this.#caller, inode.ino, O_RDONLY)
    try {
      for (let offset = 0; ; ) {
        // Copied: what the vfs hands out is valid for this tick only.
        const piece = Buffer.concat(await vfs.read(this.#caller, handle, offset, pieceBytes))
        if (piece.length === 0) return
        yield piece
        offset += piece.length
      }
    } finally {
      await vfs.release(this.#caller, handle)
    }
  }
}

function statsOf(inode: Inode): VolumeStats {
  const { ino, mode, nlink, uid, gid, rdev, size } = inode
  return {
    ino,
    mode,
    nlink,
    uid,
    gid,
    rdev,
    size,
    mtimeMs: milliseconds(inode.mtime),
    ctimeMs: milliseconds(inode.ctime),
    birthtimeMs: milliseconds(inode.btime),
    isFile: () => isRegular(inode),
    isDirectory: () => isDirectory(inode),
    isSymbolicLink: () => isSymlink(inode),
  }
}

function milliseconds({ sec, nsec }: Timespec): number {
  return sec * 1000 + nsec / 1e6
}
