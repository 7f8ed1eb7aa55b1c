// Puts the operations together to a Vfs.

import { Errno, FsError } from '../posix/errno.js'
import { namedHashes } from '../volume/inode.js'
import { FileSystem } from './file-system.js'
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

type Operation<A extends unknown[], R> = (fs: FileSystem, ...args: A) => Awaitable<R>

/** A vfs over an open replica and a content store; neither is closed with it. */
export function createVfs(options: VfsOptions): Vfs {
  const fs = new FileSystem(options)
  let closed = false
  const checkOpen = () => {
    if (closed) throw new FsError(Errno.EIO, 'the file system is closed')
  }
  /** By handle: what was opened goes on as it is. */
  const held =
    <A extends unknown[], R>(operation: (fs: FileSystem, ...args: A) => R) =>
    (...args: A): R => {
      checkOpen()
      return operation(fs, ...args)
    }
  /** By inode and name: the replica may have to catch up with the log first. */
  const named =
    <A extends unknown[], R>(operation: Operation<A, R>) =>
    (...args: A): Awaitable<R> => {
      checkOpen()
      const behind = fs.replica.ready()
      return behind ? behind.then(() => operation(fs, ...args)) : operation(fs, ...args)
    }
  return {
    lookup: named(lookup),
    getattr: named(getattr),
    setattr: named(setattr),
    access: named(access),
    readlink: named(readlink),
    symlink: named(symlink),
    mknod: named(mknod),
    mkdir: named(mkdir),
    unlink: named(unlink),
    rmdir: named(rmdir),
    rename: named(rename),
    link: named(link),
    create: named(create),
    tmpfile: named(tmpfile),
    open: named(open),
    read: held(read),
    write: held(write),
    flush: held(flush),
    fsync: held(fsync),
    release: held(release),
    fallocate: held(fallocate),
    lseek: held(lseek),
    copyFileRange: held(copyFileRange),
    opendir: named(opendir),
    readdir: named(readdir),
    releasedir: held(releasedir),
    fsyncdir: held(fsyncdir),
    getxattr: named(getxattr),
    listxattr: named(listxattr),
    setxattr: named(setxattr),
    removexattr: named(removexattr),
    getlk: held(getlk),
    setlk: held(setlk),
    setlkw: held(setlkw),
    statfs: named(statfs),
    syncfs: () => syncfs(fs),
    remember: (ino, count) => fs.inodes.remember(ino, count),
    forget: (ino, count) => fs.inodes.forget(ino, count),
    isHeld: (ino) => fs.inodes.isHeld(ino),
    pins: () => fs.orphans().flatMap(namedHashes),
    onInvalidate: (listener) => fs.invalidations.listen(listener),
    status: () => statusOf(fs),
    openFiles: () =>
      [...fs.handles.all()].map(({ ino, pid }) => ({ ino, pid, path: fs.path(ino) })),
    settle: () => syncfs(fs),
    async close() {
      if (closed) return
      closed = true
      await closeFiles(fs)
    },
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

/** What cannot be saved now was reported, and goes to rescue. */
async function closeFiles(fs: FileSystem): Promise<void> {
  for (const file of fs.files.values()) {
    file.handles = 0
    fs.saves.released(file)
  }
  await fs.saves.ended()
  for (const file of fs.files.values()) file.close()
  fs.files.clear()
}
