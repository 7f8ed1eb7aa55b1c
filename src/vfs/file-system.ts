// What all operations share: the parts of a vfs, and the questions nearly every call begins with. The
// operations themselves are functions over this, one a file, in operations/.

import type { ContentStore } from '../content/content.js'
import { Errno, FsError } from '../posix/errno.js'
import { isDirectory } from '../posix/mode.js'
import { type Credentials, checkAllows } from '../posix/permission.js'
import type { Replica } from '../replica/replica.js'
import { type Inode, rootIno, type Timespec } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import { HandleTable } from './handles.js'
import { InodeTable } from './inode-table.js'
import { accessAcl } from './intents/checks.js'
import { type Intent, isOnceOnly } from './intents/intent.js'
import { Invalidations } from './invalidations.js'
import { Listings } from './listings.js'
import { Locks } from './locks.js'
import { Losses } from './losses.js'
import { OpenFile } from './open-file.js'
import { createNameHash } from './readdir-order.js'
import { Saves } from './saves.js'
import type { Awaitable, Caller } from './vfs.js'
import type { VfsOptions } from './vfs-options.js'

export class FileSystem {
  readonly options: VfsOptions
  readonly replica: Replica<Intent>
  readonly content: ContentStore
  readonly inodes: InodeTable
  readonly handles = new HandleTable()
  readonly listings: Listings
  readonly locks = new Locks()
  readonly saves: Saves
  readonly losses: Losses
  readonly invalidations: Invalidations
  /** Regular files that are open or have something unsaved. */
  readonly files = new Map<number, OpenFile>()

  constructor(options: VfsOptions) {
    this.options = options
    this.replica = options.replica
    this.content = options.content
    this.inodes = new InodeTable((ino) => this.#gone(ino))
    this.listings = new Listings(options.replica, createNameHash(options.volume))
    this.saves = new Saves(this)
    this.losses = new Losses(this)
    this.invalidations = new Invalidations(this.inodes)
    options.replica.onForeignChange((change) => {
      for (const inode of change.removed) {
        this.inodes.setOrphan({ ...inode, nlink: 0 })
        this.listings.drop(inode.ino)
      }
      for (const { parent } of change.names) this.listings.drop(parent)
      if (change.reloaded) this.listings.clear()
      for (const { ino } of change.inodes) {
        const file = this.files.get(ino)
        if (file?.doubt) this.saves.decide(file)
      }
      this.invalidations.foreign(change)
    })
  }

  now(): Timespec {
    return this.options.clock.wall()
  }

  /** The inode as committed, or as it was left when its last name went. */
  stored(ino: number): Inode | undefined {
    return this.replica.inode(ino) ?? this.inodes.orphan(ino)
  }

  /** The inode as programs see it: unsaved changes of this vfs included. */
  seen(ino: number): Inode | undefined {
    const stored = this.stored(ino)
    if (!stored || this.files.size === 0) return stored
    return this.files.get(ino)?.view(stored) ?? stored
  }

  /** ESTALE: the inode is gone, and nobody held it. */
  inode(ino: number): Inode {
    const inode = this.seen(ino)
    if (!inode) throw new FsError(Errno.ESTALE)
    return inode
  }

  /** As `inode`, without what is unsaved. */
  storedInode(ino: number): Inode {
    const inode = this.stored(ino)
    if (!inode) throw new FsError(Errno.ESTALE)
    return inode
  }

  /** ESTALE, ENOTDIR. */
  directory(ino: number): Inode {
    const inode = this.stored(ino)
    if (!inode) throw new FsError(Errno.ESTALE)
    if (!isDirectory(inode)) throw new FsError(Errno.ENOTDIR)
    return inode
  }

  /** Lives, but has no name in the volume. */
  isOrphan(ino: number): boolean {
    return this.replica.inode(ino) === undefined
  }

  /** Inodes without a name in the volume that somebody holds. */
  orphans(): Inode[] {
    return [...this.inodes.orphans()].filter(({ ino }) => this.isOrphan(ino))
  }

  /** Whose permissions to check; undefined where the kernel has done that. */
  as(caller: Caller): Credentials | undefined {
    if (!this.options.checkPermissions) return undefined
    return { uid: caller.uid, gid: caller.gid, groups: caller.groups }
  }

  /** EACCES where permissions are checked here. */
  check(caller: Caller, inode: Inode, mask: number): void {
    if (this.options.checkPermissions) checkAllows(caller, inode, mask, accessAcl(inode))
  }

  /** EROFS on a read-only view. */
  checkWritable(): void {
    if (this.options.readOnly) throw new FsError(Errno.EROFS)
  }

  /**
   * Bytes are to be changed that only a later save brings to the store: refused at once where that is
   * known to be out of reach. What has no name is never saved.
   */
  checkSavable(ino: number): void {
    if (!this.isOrphan(ino)) this.replica.checkChangeable()
  }

  /** Answers what the intent's rule returned when it was committed. */
  change<T>(caller: Caller, intent: Intent): Awaitable<T> {
    this.checkWritable()
    // A request makes at most one change of these kinds; of the others it may make several.
    const isNoted = caller.answers && isOnceOnly(intent)
    const options = isNoted ? { answers: caller.answers } : undefined
    return this.replica.change(intent, options) as Awaitable<T>
  }

  /** The open file of an inode, made if there is none. End with `settleFile`. */
  file(ino: number): OpenFile {
    let file = this.files.get(ino)
    if (!file) {
      file = new OpenFile(ino, this.options.openSpool)
      this.files.set(ino, file)
    }
    return file
  }

  /**
   * Lets go of a file that nobody has open and that has nothing unsaved. An orphan's bytes stay in
   * its spool for as long as anybody holds the inode: no store has them.
   */
  settleFile(file: OpenFile): void {
    if (file.handles > 0 || file.running || file.isRescued) return
    if (this.files.get(file.ino) !== file) return
    const kept = file.dirty && (!this.isOrphan(file.ino) || this.inodes.isHeld(file.ino))
    if (kept) return
    const { untoldError } = file
    if (untoldError && this.stored(file.ino)) this.saves.keepUntold(file.ino, untoldError)
    this.files.delete(file.ino)
    this.saves.forget(file)
    file.close()
  }

  /** A path of the inode, for messages; undefined for an orphan. */
  path(ino: number): Name | undefined {
    const parts: Name[] = []
    for (let at = ino; at !== rootIno; ) {
      const up = this.replica.names(at)[0]
      if (!up) return undefined
      parts.unshift(up.name)
      at = up.parent
    }
    return `/${parts.join('/')}`
  }

  /** Nobody holds the inode any more: what an orphan's spool kept is nobody's. */
  #gone(ino: number): void {
    const file = this.files.get(ino)
    if (file) this.settleFile(file)
  }
}
