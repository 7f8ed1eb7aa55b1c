// From a path to an inode, as the kernel walks for a mount: for callers without one (the library).

import { Errno, FsError } from '../posix/errno.js'
import { isDirectory, isSymlink } from '../posix/mode.js'
import { type Inode, rootIno } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import type { Caller, Vfs } from './vfs.js'

/** As Linux: links followed on one walk. */
export const linksMax = 40
const pathBytesMax = 4096

/**
 * The inode at `path`, a byte string, always from the root of the volume (also with no slash in
 * front). A link at its end is followed unless `followLast` is false or a slash stands behind it
 * (POSIX 4.13). FsError ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EACCES.
 */
export async function resolvePath(
  vfs: Vfs,
  caller: Caller,
  path: Name,
  followLast: boolean,
): Promise<Inode> {
  return (await walkWhole(vfs, caller, path, followLast)).at
}

/** As `resolvePath`, following all links: the path without links, `.` and `..`; it begins with a slash. */
export async function realPath(vfs: Vfs, caller: Caller, path: Name): Promise<Name> {
  const { names } = await walkWhole(vfs, caller, path, true)
  return `/${names.join('/')}`
}

/** Where a name is made, looked for or removed. */
export interface Place {
  readonly parent: number
  /** May be `.` or `..`, and is empty where the path is the root. It need not exist. */
  readonly name: Name
  /** A slash stands behind it. */
  readonly isDirectoryAsked: boolean
}

/**
 * The directory in which the last name of `path` stands; that one is not looked at. A path that does not begin
 * with a slash begins at `from`. Errors as `resolvePath`.
 */
export async function resolvePlace(
  vfs: Vfs,
  caller: Caller,
  path: Name,
  from: number = rootIno,
): Promise<Place> {
  checkPath(path)
  const steps = split(path)
  const name = steps.pop() ?? ''
  const walk = new Walk(vfs, caller, steps)
  await walk.run(path.startsWith('/') ? rootIno : from, true)
  // That it is a directory, and may be searched, comes before all else that may be wrong.
  await vfs.lookup(caller, walk.at.ino, '.')
  return { parent: walk.at.ino, name, isDirectoryAsked: path.endsWith('/') }
}

async function walkWhole(vfs: Vfs, caller: Caller, path: Name, followLast: boolean): Promise<Walk> {
  checkPath(path)
  const mustBeDirectory = path.endsWith('/')
  const walk = new Walk(vfs, caller, split(path))
  await walk.run(rootIno, followLast || mustBeDirectory)
  if (mustBeDirectory && !isDirectory(walk.at)) throw new FsError(Errno.ENOTDIR)
  return walk
}

class Walk {
  readonly #vfs: Vfs
  readonly #caller: Caller
  #steps: Name[]
  #at: Inode | undefined
  /** From the root to where the walk is; means nothing for one that began elsewhere. */
  readonly names: Name[] = []

  constructor(vfs: Vfs, caller: Caller, steps: Name[]) {
    this.#vfs = vfs
    this.#caller = caller
    this.#steps = steps
  }

  get at(): Inode {
    if (!this.#at) throw new FsError(Errno.EIO, 'the walk has not begun')
    return this.#at
  }

  async run(from: number, followLast: boolean): Promise<void> {
    this.#at = await this.#vfs.getattr(this.#caller, from)
    for (let links = 0; ; ) {
      const name = this.#steps.shift()
      if (name === undefined) return
      const next = await this.#vfs.lookup(this.#caller, this.at.ino, name)
      if (!next) throw new FsError(Errno.ENOENT)
      if (isSymlink(next) && (this.#steps.length > 0 || followLast)) {
        if (++links > linksMax) throw new FsError(Errno.ELOOP)
        await this.#follow(next)
      } else this.#enter(name, next)
    }
  }

  async #follow(link: Inode): Promise<void> {
    const target = await this.#vfs.readlink(this.#caller, link.ino)
    this.#steps = [...split(target), ...this.#steps]
    if (!target.startsWith('/')) return
    this.#at = await this.#vfs.getattr(this.#caller, rootIno)
    this.names.length = 0
  }

  #enter(name: Name, inode: Inode): void {
    this.#at = inode
    if (name === '..') this.names.pop()
    else if (name !== '.') this.names.push(name)
  }
}

function checkPath(path: Name): void {
  if (path === '') throw new FsError(Errno.ENOENT)
  if (path.length >= pathBytesMax) throw new FsError(Errno.ENAMETOOLONG)
}

function split(path: Name): Name[] {
  return path.split('/').filter((step) => step !== '')
}
