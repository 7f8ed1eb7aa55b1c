// A file without a name (O_TMPFILE of open(2)) and how it gets one (linkat(2) from /proc, which
// follows the link as link(2) would not).

import { constants, openSync } from 'node:fs'
import { check, cString, declare } from './libc.js'

const libcLinkat = declare<
  (
    oldDirectory: number,
    oldPath: Buffer,
    newDirectory: number,
    newPath: Buffer,
    flags: number,
  ) => number
>('int linkat(int, void *, int, void *, int)')

const AT_FDCWD = -100
const AT_SYMLINK_FOLLOW = 0x400
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY

/** An open file in `directory` that is gone when closed, unless it is linked. The caller closes. */
export function openTmpfile(directory: string | Uint8Array, mode = 0o600): number {
  const path = typeof directory === 'string' ? directory : Buffer.from(directory)
  return openSync(path, O_TMPFILE | constants.O_RDWR, mode)
}

/** Gives an open file of openTmpfile a name. Throws FsError, EEXIST where there is one. */
export function linkTmpfile(fd: number, path: string | Uint8Array): void {
  const source = cString(`/proc/self/fd/${fd}`)
  const result = libcLinkat(AT_FDCWD, source, AT_FDCWD, cString(path), AT_SYMLINK_FOLLOW)
  check(result, `link ${path}`)
}
