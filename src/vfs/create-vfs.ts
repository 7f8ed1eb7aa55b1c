// Puts the operations together to a Vfs.

import { Errno, FsError } from '../posix/errno.js'
import { NotLoaded } from '../replica/replica.js'
import { namedHashes } from '../volume/inode.js'
import { FileSystem } from './file-system.js'
import { loggedChanges } from './logged-changes.js'
import { access } from './operations/access.js'
import { copyFileRange } from './operations/copy-file-range.js'
import { create } from './operations/create.js'
import { fallocate } from './operations/fallocate.js'
import { flush } from './operations/flush.js'
import { fsync } from './operations/fsync.js'
import { fsyncdir } from './operations/fsyncdir.js'
import { getattr } from './operations/getattr.js'
import { getxattr } from './operations/getxattr.js'
import { link } from './operations/link.js'
import { listxattr } from './operations/listxattr.js'
import { getlk, setlk, setlkw } from './operations/lock.js'
import { lookup } from './operations/lookup.js'
import { lseek } from './operations/lseek.js'
import { mkdir } from './operations/mkdir.js'
import { mknod } from './operations/mknod.js'
import { open } from './operations/open.js'
import { opendir, releasedir } from './operations/opendir.js'
import { read } from './operations/read.js'
import { readdir } from './operations/readdir.js'
import { readlink } from './operations/readlink.js'
import { release } from './operations/release.js'
import { rename } from './operations/rename.js'
import { setattr } from './operations/setattr.js'
import { removexattr, setxattr } from './operations/setxattr.js'
import { statfs } from './operations/statfs.js'
import { symlink } from './operations/symlink.js'
import { syncfs } from './operations/syncfs.js'
import { tmpfile } from './operations/tmpfile.js'
import { rmdir, unlink } from './operations/unlink.js'
import { write } from './operations/write.js'
import type { Awaitable, Vfs, VfsStatus } from './vfs.js'
import type { VfsOptions } from './vfs-options.js'

/** A vfs over an open replica and a content store; neither is closed with it. */
export function createVfs(options: VfsOptions): Vfs {
  const gate = new Gate(new FileSystem(options))
  const { fs } = gate
  return {
    ...callsByName(gate),
    ...callsByHandle(gate),
    syncfs: () => syncfs(fs),
    remember: (ino, count) => fs.inodes.remember(ino, count),
    forget: (ino, count) => fs.inodes.forget(ino, count),
    isUsed: (ino) => fs.inodes.isUsed(ino),
    isUnsaved: (ino) => fs.files.get(ino)?.dirty ?? false,
    pins: () => fs.orphans().flatMap(namedHashes),
    onInvalidate: (listener) => fs.invalidations.listen(listener),
    onLogged: (listener) =>
      fs.replica.onLog((change, now) => listener(loggedChanges(change, now, fs.replica.isLoading))),
    lost: (intent, error, id) => fs.losses.lost(intent, error, id),
    losing: (intent, error, id) => fs.losses.losing(intent, error, id),
    spared: (intent, id) => fs.losses.spared(intent, id),
    status: () => statusOf(fs),
    openFiles: () =>
      [...fs.handles.all()].map(({ ino, pid }) => ({ ino, pid, path: fs.path(ino) })),
    settle: () => syncfs(fs),
    close: () => gate.close(),
  }
}

/** What every call goes through before its operation. */
class Gate {
  readonly fs: FileSystem
  #closing: Promise<void> | undefined

  constructor(fs: FileSystem) {
    this.fs = fs
  }

  /** By handle: what was opened goes on as it is. */
  held<A extends unknown[], R>(operation: (fs: FileSystem, ...args: A) => R): (...args: A) => R {
    return (...args) => {
      this.#checkOpen()
      return operation(this.fs, ...args)
    }
  }

  /** By inode and name: the replica may have to catch up with the log first. */
  named<A extends unknown[], R>(
    operation: (fs: FileSystem, ...args: A) => Awaitable<R>,
  ): (...args: A) => Awaitable<R> {
    const { replica } = this.fs
    return (...args) => {
      this.#checkOpen()
      const behind = replica.ready()
      return behind ? behind.then(() => this.#run(operation, args)) : this.#run(operation, args)
    }
  }

  #run<A extends unknown[], R>(
    operation: (fs: FileSystem, ...args: A) => Awaitable<R>,
    args: A,
  ): Awaitable<R> {
    return this.fs.replica.isLoading ? this.#loading(operation, args) : operation(this.fs, ...args)
  }

  /** While the volume is loaded: what an operation reads may not be there yet; then it begins anew. */
  #loading<A extends unknown[], R>(
    operation: (fs: FileSystem, ...args: A) => Awaitable<R>,
    args: A,
  ): Awaitable<R> {
    const again = (error: unknown): Promise<R> => {
      if (!(error instanceof NotLoaded)) throw error
      return this.fs.replica.load(error).then(() => this.#loading(operation, args))
    }
    try {
      const answer = operation(this.fs, ...args)
      return answer instanceof Promise ? answer.catch(again) : answer
    } catch (error) {
      return again(error)
    }
  }

  close(): Promise<void> {
    this.#closing ??= closeFiles(this.fs)
    return this.#closing
  }

  #checkOpen(): void {
    if (this.#closing) throw new FsError(Errno.EIO, 'the file system is closed')
  }
}

function callsByName(gate: Gate) {
  return {
    lookup: gate.named(lookup),
    getattr: gate.named(getattr),
    setattr: gate.named(setattr),
    access: gate.named(access),
    readlink: gate.named(readlink),
    symlink: gate.named(symlink),
    mknod: gate.named(mknod),
    mkdir: gate.named(mkdir),
    unlink: gate.named(unlink),
    rmdir: gate.named(rmdir),
    rename: gate.named(rename),
    link: gate.named(link),
    create: gate.named(create),
    tmpfile: gate.named(tmpfile),
    open: gate.named(open),
    opendir: gate.named(opendir),
    readdir: gate.named(readdir),
    getxattr: gate.named(getxattr),
    listxattr: gate.named(listxattr),
    setxattr: gate.named(setxattr),
    removexattr: gate.named(removexattr),
    statfs: gate.named(statfs),
  }
}

function callsByHandle(gate: Gate) {
  return {
    read: gate.held(read),
    write: gate.held(write),
    flush: gate.held(flush),
    fsync: gate.held(fsync),
    release: gate.held(release),
    fallocate: gate.held(fallocate),
    lseek: gate.held(lseek),
    copyFileRange: gate.held(copyFileRange),
    releasedir: gate.held(releasedir),
    fsyncdir: gate.held(fsyncdir),
    getlk: gate.held(getlk),
    setlk: gate.held(setlk),
    setlkw: gate.held(setlkw),
  }
}

function statusOf(fs: FileSystem): VfsStatus {
  let spoolBytes = 0
  for (const { spool } of fs.files.values()) spoolBytes += spool?.bytes ?? 0
  return {
    inodesRemembered: fs.inodes.remembered,
    openHandles: fs.handles.size,
    orphans: fs.orphans().length,
    spoolBytes,
    savesWaiting: fs.saves.waiting,
    saveErrors: fs.saves.errors,
    listingsCached: fs.listings.size,
  }
}

/** What cannot be saved now goes to rescue; EIO tells of it when everything is closed. */
async function closeFiles(fs: FileSystem): Promise<void> {
  const errorsBefore = fs.saves.errors
  for (const file of fs.files.values()) {
    file.handles = 0
    fs.saves.released(file)
  }
  await fs.saves.ended()
  for (const file of fs.files.values()) {
    fs.saves.forget(file)
    file.close()
  }
  fs.files.clear()
  const errors = fs.saves.errors - errorsBefore
  if (errors > 0) throw new FsError(Errno.EIO, `${errors} saves failed while closing`)
}
