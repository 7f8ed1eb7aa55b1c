// Calls that make, move and remove names.

import { randomBytes } from 'node:crypto'
import { Errno, FsError } from '../posix/errno.js'
import { isDirectory } from '../posix/mode.js'
import type { Place } from '../vfs/resolve-path.js'
import {
  bytesOf,
  encodingOf,
  flagOf,
  modeOf,
  named,
  optionsOf,
  textOf,
  type VolumePath,
} from './arguments.js'
import { argumentError } from './errors.js'
import { makeDirectories } from './make-directories.js'
import { existing, isNoName } from './place.js'
import { remove, rmdir, unlink } from './remove.js'
import type { Session } from './session.js'
import type { Volume } from './volume.js'

type NameCalls = Pick<
  Volume,
  'mkdir' | 'mkdtemp' | 'link' | 'symlink' | 'rename' | 'unlink' | 'rmdir' | 'rm'
>

export function nameCalls(session: Session): NameCalls {
  return {
    mkdir: (path, options) => mkdir(session, path, options) as Promise<never>,
    mkdtemp: (prefix, options) => mkdtemp(session, prefix, options) as Promise<never>,
    link: (existing, path) => link(session, existing, path),
    symlink: (target, path, type) => symlink(session, target, path, type),
    rename: (from, to) => rename(session, from, to),
    unlink: (path) => session.at('unlink', path, () => unlink(session, path)),
    rmdir: async (path: VolumePath, options?: unknown) => {
      if (options !== undefined && options !== null)
        throw argumentError('rmdir takes no options; to remove a tree, use rm with recursive')
      await session.at('rmdir', path, () => rmdir(session, path))
    },
    rm: (path, options) => remove(session, path, options),
  }
}

const directoryMode = 0o777
const temporaryMode = 0o700

async function mkdir(
  session: Session,
  path: VolumePath,
  options: unknown,
): Promise<string | undefined> {
  const given = typeof options === 'object' ? options : { mode: options }
  const { recursive, mode } = optionsOf('mkdir', given, ['recursive', 'mode'])
  const bits = modeOf(mode, directoryMode)
  const isRecursive = flagOf('recursive', recursive)
  return session.at('mkdir', path, async () => {
    if (isRecursive) return makeDirectories(session, path, bits)
    await makeDirectory(session, path, bits)
    return undefined
  })
}

async function makeDirectory(session: Session, path: VolumePath, mode: number): Promise<void> {
  const place = await session.place(path)
  checkNew(place)
  await session.vfs.mkdir(session.caller, place.parent, place.name, mode)
}

const randomDigits = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const namesTried = 100

async function mkdtemp(session: Session, prefix: VolumePath, options: unknown) {
  const encoding = encodingOf(optionsOf('mkdtemp', options, ['encoding']).encoding)
  const bytes = bytesOf(prefix, 'prefix')
  const facts = { syscall: 'mkdtemp', path: `${textOf(prefix)}XXXXXX` }
  return session.run(facts, async () => {
    for (let tries = 1; ; tries++) {
      const digits = [...randomBytes(6)].map((byte) => randomDigits[byte % randomDigits.length])
      const path = bytes + digits.join('')
      try {
        await makeDirectory(session, Buffer.from(path, 'latin1'), temporaryMode)
        return named(path, encoding)
      } catch (error) {
        const isTaken = error instanceof FsError && error.errno === Errno.EEXIST
        if (!isTaken || tries === namesTried) throw error
      }
    }
  })
}

async function link(session: Session, existing: VolumePath, path: VolumePath): Promise<void> {
  await session.between('link', existing, path, async () => {
    const { ino } = await session.find(existing, false)
    const place = await session.place(path)
    await checkNewFile(session, place)
    await session.vfs.link(session.caller, ino, place.parent, place.name)
  })
}

async function symlink(
  session: Session,
  target: VolumePath,
  path: VolumePath,
  type: unknown,
): Promise<void> {
  const isType = type === undefined || type === null
  if (!isType && !['file', 'dir', 'junction'].includes(type as string))
    throw argumentError(`type ${String(type)} of a symbolic link is not known`)
  const bytes = bytesOf(target, 'target')
  await session.between('symlink', target, path, async () => {
    const place = await session.place(path)
    await checkNewFile(session, place)
    await session.vfs.symlink(session.caller, place.parent, place.name, bytes)
  })
}

async function rename(session: Session, from: VolumePath, to: VolumePath): Promise<void> {
  await session.between('rename', from, to, async () => {
    const source = await session.place(from)
    const target = await session.place(to)
    if (isNoName(source) || isNoName(target)) throw new FsError(Errno.EBUSY)
    if (source.isDirectoryAsked || target.isDirectoryAsked) {
      const inode = await existing(session, source)
      // Names that are too long come first.
      await session.lookup(target)
      if (!isDirectory(inode)) throw new FsError(Errno.ENOTDIR)
    }
    const { vfs, caller } = session
    await vfs.rename(caller, source.parent, source.name, target.parent, target.name, 0)
  })
}

function checkNew(place: Place): void {
  if (isNoName(place)) throw new FsError(Errno.EEXIST)
}

/** Behind a slash only a directory can be made. */
async function checkNewFile(session: Session, place: Place): Promise<void> {
  checkNew(place)
  if (!place.isDirectoryAsked) return
  throw new FsError((await session.lookup(place)) ? Errno.EEXIST : Errno.ENOENT)
}
