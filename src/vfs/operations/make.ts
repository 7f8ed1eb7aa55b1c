// What mkdir, mknod, symlink and open(O_CREAT) have in common: a new inode under a new name.

import { then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import type { CreateIntent, CreateResult } from '../intents/create.js'
import type { Awaitable, Caller } from '../vfs.js'

/** What differs between them; the rest comes from the caller. */
export type Making = Pick<CreateIntent, 'parent' | 'name' | 'mode'> &
  Partial<Pick<CreateIntent, 'rdev' | 'target' | 'existing'>>

export function make(fs: FileSystem, caller: Caller, making: Making): Awaitable<CreateResult> {
  fs.checkWritable()
  return then(fs.replica.allocateIno(), (ino) =>
    fs.change<CreateResult>(caller, createIntent(fs, caller, ino, making)),
  )
}

/** Everything about the new inode is fixed here. */
export function createIntent(
  fs: FileSystem,
  caller: Caller,
  ino: number,
  making: Making,
): CreateIntent {
  const { uid, gid, umask } = caller
  return {
    kind: 'create',
    rdev: 0,
    target: '',
    existing: 'refuse',
    ...making,
    ino,
    uid,
    gid,
    umask,
    time: fs.now(),
    as: fs.as(caller),
  }
}
