// mkdir -p: every directory of a path that is not there.

import { Errno, FsError } from '../posix/errno.js'
import { isDirectory } from '../posix/mode.js'
import type { Name } from '../volume/name.js'
import { bytesOf, type VolumePath } from './arguments.js'
import { asVolumeError } from './errors.js'
import type { Session } from './session.js'

/**
 * The path of the first one that was made, as text; undefined where all were there. EEXIST where a file stands at
 * the path, ENOTDIR where one stands in the way.
 */
export async function makeDirectories(
  session: Session,
  path: VolumePath,
  mode: number,
): Promise<string | undefined> {
  const whole = bytesOf(path)
  const waiting = [whole]
  let first: Name | undefined
  for (;;) {
    const at = waiting.pop()
    if (at === undefined) break
    const outcome = await tryMake(session, at, mode, at === whole).catch((error) => {
      throw asVolumeError(error, { syscall: 'mkdir', path: Buffer.from(at, 'latin1').toString() })
    })
    if (outcome === 'made') first ??= at
    if (outcome === 'no parent') waiting.push(at, parentOf(at))
  }
  return first === undefined ? undefined : Buffer.from(first, 'latin1').toString()
}

async function tryMake(
  session: Session,
  path: Name,
  mode: number,
  isLast: boolean,
): Promise<'made' | 'there' | 'no parent'> {
  const bytes = Buffer.from(path, 'latin1')
  try {
    const { parent, name } = await session.place(bytes)
    if (name === '' || name === '.' || name === '..') return 'there'
    await session.vfs.mkdir(session.caller, parent, name, mode)
    return 'made'
  } catch (error) {
    if (!(error instanceof FsError)) throw error
    if (error.errno === Errno.ENOENT && parentOf(path) !== path) return 'no parent'
    if (error.errno !== Errno.EEXIST) throw error
    if (isDirectory(await session.find(bytes))) return 'there'
    throw new FsError(isLast ? Errno.EEXIST : Errno.ENOTDIR)
  }
}

/** The root and a single name have none but themselves. */
function parentOf(path: Name): Name {
  const bare = withoutSlashes(path)
  const slash = bare.lastIndexOf('/')
  if (slash < 0) return path
  return withoutSlashes(bare.slice(0, slash)) || '/'
}

function withoutSlashes(path: Name): Name {
  let end = path.length
  while (end > 1 && path[end - 1] === '/') end--
  return path.slice(0, end)
}
