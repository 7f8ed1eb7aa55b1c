// Extended attributes, which Node has no calls for: named after those of Linux.

import { Errno, FsError } from '../posix/errno.js'
import { XattrFlag } from '../vfs/vfs.js'
import {
  bytesOf,
  encodingOf,
  flagOf,
  named,
  optionsOf,
  type VolumePath,
  viewOf,
} from './arguments.js'
import type { Session } from './session.js'
import type { Volume } from './volume.js'

type XattrCalls = Pick<Volume, 'getxattr' | 'listxattr' | 'setxattr' | 'removexattr'>

export function xattrCalls(session: Session): XattrCalls {
  return {
    async getxattr(path, name, options) {
      const follow = followOf(optionsOf('getxattr', options, ['follow']).follow)
      return session.at('getxattr', path, async () => {
        const { ino } = await session.find(path, follow)
        const value = await session.vfs.getxattr(session.caller, ino, bytesOf(name, 'name'))
        if (!value) throw new FsError(Errno.ENODATA)
        return Buffer.from(value)
      })
    },
    listxattr: (path, options) => listxattr(session, path, options) as Promise<never>,
    setxattr: (path, name, value, options) => setxattr(session, path, name, value, options),
    async removexattr(path, name, options) {
      const follow = followOf(optionsOf('removexattr', options, ['follow']).follow)
      await session.at('removexattr', path, async () => {
        const { ino } = await session.find(path, follow)
        await session.vfs.removexattr(session.caller, ino, bytesOf(name, 'name'))
      })
    },
  }
}

async function listxattr(session: Session, path: VolumePath, options: unknown) {
  const given = optionsOf('listxattr', options, ['encoding', 'follow'])
  const encoding = encodingOf(given.encoding)
  const follow = followOf(given.follow)
  return session.at('listxattr', path, async () => {
    const { ino } = await session.find(path, follow)
    const names = await session.vfs.listxattr(session.caller, ino)
    return names.map((name) => named(name, encoding))
  })
}

async function setxattr(
  session: Session,
  path: VolumePath,
  name: VolumePath,
  value: string | NodeJS.ArrayBufferView,
  options: unknown,
): Promise<void> {
  const given = optionsOf('setxattr', options, ['create', 'replace', 'follow'])
  const create = flagOf('create', given.create) ? XattrFlag.create : 0
  const replace = flagOf('replace', given.replace) ? XattrFlag.replace : 0
  const follow = followOf(given.follow)
  const bytes = typeof value === 'string' ? Buffer.from(value) : viewOf(value)
  await session.at('setxattr', path, async () => {
    const { ino } = await session.find(path, follow)
    const { vfs, caller } = session
    await vfs.setxattr(caller, ino, bytesOf(name, 'name'), bytes, create | replace)
  })
}

function followOf(value: unknown): boolean {
  return value === undefined || flagOf('follow', value)
}
