// Calls on what a path leads to: what is known of it, whose it is, what may be done with it.

import { constants } from 'node:fs'
import { realPath } from '../vfs/resolve-path.js'
import { Access, type AttributeChanges } from '../vfs/vfs.js'
import {
  bytesOf,
  encodingOf,
  flagOf,
  idOf,
  integerOf,
  modeOf,
  named,
  optionsOf,
  timeOf,
  type VolumePath,
} from './arguments.js'
import type { Session } from './session.js'
import { bigIntStatFsOf, bigIntStatsOf, statFsOf, statsOf } from './stats.js'
import type { Volume } from './volume.js'

type AttributeCalls = Pick<
  Volume,
  | 'access'
  | 'stat'
  | 'lstat'
  | 'statfs'
  | 'chmod'
  | 'chown'
  | 'lchown'
  | 'utimes'
  | 'lutimes'
  | 'readlink'
  | 'realpath'
>

export function attributeCalls(session: Session): AttributeCalls {
  return {
    access: (path, mode = constants.F_OK) => access(session, path, mode),
    stat: (path, options) => stat(session, 'stat', path, options, true) as Promise<never>,
    lstat: (path, options) => stat(session, 'lstat', path, options, false) as Promise<never>,
    statfs: (path, options) => statfs(session, path, options) as Promise<never>,
    chmod: async (path, mode) => {
      const changes = { mode: modeOf(mode, 0) }
      await setAttributes(session, 'chmod', path, changes, true)
    },
    chown: async (path, uid, gid) => setAttributes(session, 'chown', path, owners(uid, gid), true),
    lchown: async (path, uid, gid) =>
      setAttributes(session, 'lchown', path, owners(uid, gid), false),
    utimes: async (path, atime, mtime) =>
      setAttributes(session, 'utime', path, times(atime, mtime), true),
    lutimes: async (path, atime, mtime) =>
      setAttributes(session, 'lutime', path, times(atime, mtime), false),
    readlink: (path, options) => readlink(session, path, options) as Promise<never>,
    realpath: (path, options) => realpath(session, path, options) as Promise<never>,
  }
}

/** What chown is asked for; -1 stands for what is to stay. Set-id bits go in any case, as in Linux. */
export function owners(uid: unknown, gid: unknown): AttributeChanges {
  return { uid: idOf('uid', uid), gid: idOf('gid', gid), killSuidgid: true }
}

export function times(atime: unknown, mtime: unknown): AttributeChanges {
  return { atime: timeOf('atime', atime), mtime: timeOf('mtime', mtime) }
}

async function access(session: Session, path: VolumePath, mode: number): Promise<void> {
  const mask = integerOf('mode', mode, 0, Access.execute | Access.write | Access.read)
  await session.at('access', path, async () => {
    const { ino } = await session.find(path)
    if (mask !== constants.F_OK) await session.vfs.access(session.caller, ino, mask)
  })
}

async function stat(
  session: Session,
  call: 'stat' | 'lstat',
  path: VolumePath,
  options: unknown,
  follow: boolean,
) {
  const { bigint } = optionsOf(call, options, ['bigint'])
  const isBig = flagOf('bigint', bigint)
  return session.at(call, path, async () => {
    const inode = await session.find(path, follow)
    const isUnsaved = session.vfs.isUnsaved(inode.ino)
    return isBig ? bigIntStatsOf(inode, isUnsaved) : statsOf(inode, isUnsaved)
  })
}

async function statfs(session: Session, path: VolumePath, options: unknown) {
  const { bigint } = optionsOf('statfs', options, ['bigint'])
  const isBig = flagOf('bigint', bigint)
  return session.at('statfs', path, async () => {
    await session.find(path)
    const status = await session.vfs.statfs(session.caller)
    return isBig ? bigIntStatFsOf(status) : statFsOf(status)
  })
}

function setAttributes(
  session: Session,
  syscall: string,
  path: VolumePath,
  changes: AttributeChanges,
  follow: boolean,
): Promise<void> {
  return session.at(syscall, path, async () => {
    const { ino } = await session.find(path, follow)
    await session.vfs.setattr(session.caller, ino, changes)
  })
}

async function readlink(session: Session, path: VolumePath, options: unknown) {
  const encoding = encodingOf(optionsOf('readlink', options, ['encoding']).encoding)
  return session.at('readlink', path, async () => {
    const { ino } = await session.find(path, false)
    return named(await session.vfs.readlink(session.caller, ino), encoding)
  })
}

async function realpath(session: Session, path: VolumePath, options: unknown) {
  const encoding = encodingOf(optionsOf('realpath', options, ['encoding']).encoding)
  return session.at('realpath', path, async () =>
    named(await realPath(session.vfs, session.caller, bytesOf(path)), encoding),
  )
}
