// How a file is opened: Node's letters, or the numbers of open(2).

import { constants } from 'node:fs'
import { Errno, FsError } from '../posix/errno.js'
import { O_ACCMODE, O_DSYNC, O_SYNC } from '../posix/open-flags.js'
import { argumentError } from './errors.js'

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND } = constants

const byLetters: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  rs: O_RDONLY | O_SYNC,
  'r+': O_RDWR,
  'rs+': O_RDWR | O_SYNC,
  w: O_TRUNC | O_CREAT | O_WRONLY,
  wx: O_TRUNC | O_CREAT | O_WRONLY | O_EXCL,
  'w+': O_TRUNC | O_CREAT | O_RDWR,
  'wx+': O_TRUNC | O_CREAT | O_RDWR | O_EXCL,
  a: O_APPEND | O_CREAT | O_WRONLY,
  ax: O_APPEND | O_CREAT | O_WRONLY | O_EXCL,
  as: O_APPEND | O_CREAT | O_WRONLY | O_SYNC,
  'a+': O_APPEND | O_CREAT | O_RDWR,
  'ax+': O_APPEND | O_CREAT | O_RDWR | O_EXCL,
  'as+': O_APPEND | O_CREAT | O_RDWR | O_SYNC,
}

/** Without effect here: access times are not kept, and nothing but regular files is opened. */
const withoutEffect =
  constants.O_NOATIME | constants.O_NONBLOCK | constants.O_NOCTTY | 0o100000 | 0o2000000

const known =
  O_ACCMODE |
  O_CREAT |
  O_EXCL |
  O_TRUNC |
  O_APPEND |
  O_DSYNC |
  O_SYNC |
  constants.O_NOFOLLOW |
  constants.O_DIRECTORY |
  withoutEffect

/** TypeError for letters that Node does not know; EINVAL for numbers that mean what is not done here. */
export function openFlagsOf(flags: unknown): number {
  if (flags === undefined || flags === null) return O_RDONLY
  if (typeof flags === 'number') {
    if (Number.isInteger(flags) && (flags & ~known) === 0) return flags
    throw new FsError(Errno.EINVAL, `flags 0${flags.toString(8)} are not supported`)
  }
  // `sr+`, `xw`, ... are other spellings.
  const sorted = typeof flags === 'string' ? flags.replace(/^([sx])([rwa])/, '$2$1') : ''
  const found = byLetters[sorted]
  if (found === undefined) throw argumentError(`flags ${String(flags)} are not known`)
  return found
}
