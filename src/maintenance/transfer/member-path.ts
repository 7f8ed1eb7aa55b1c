// Which names of an archive are taken: nothing that leads out of the folder it is unpacked in.

import { Errno, FsError } from '../../posix/errno.js'
import { type Name, nameBytesMax } from '../../volume/name.js'

export interface MemberPath {
  /** The names that lead to it; none: the folder itself. */
  readonly steps: readonly Name[]
  readonly wasAbsolute: boolean
}

/** As tar does: a slash in front is taken away. EINVAL for `..`, ENAMETOOLONG. */
export function memberPath(path: Name, pathBytesMax: number): MemberPath {
  const steps = path.split('/').filter((step) => step !== '' && step !== '.')
  if (path === '') throw new FsError(Errno.EINVAL, 'a member without a name')
  if (steps.includes('..'))
    throw new FsError(Errno.EINVAL, 'its name has ".." in it, which may lead out of the folder')
  if (path.includes('\0')) throw new FsError(Errno.EINVAL, 'a NUL byte in its name')
  if (steps.some((step) => step.length > nameBytesMax))
    throw new FsError(Errno.ENAMETOOLONG, `a name of more than ${nameBytesMax} bytes`)
  if (steps.join('/').length > pathBytesMax)
    throw new FsError(Errno.ENAMETOOLONG, `a path of more than ${pathBytesMax} bytes`)
  return { steps, wasAbsolute: path.startsWith('/') }
}
