import type { Name } from '../../volume/name.js'
import { after, then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import { checkFlags } from '../intents/rename.js'
import type { RemovalResult } from '../intents/unlink.js'
import { type Awaitable, type Caller, RenameFlag } from '../vfs.js'
import { keepHeld, keepRemoved } from './unlink.js'

/**
 * rename(2), renameat2(2). What was written into the files that move is saved before: whoever writes a
 * temporary file and renames it over another finds the old bytes or the new ones, never none.
 */
export function rename(
  fs: FileSystem,
  caller: Caller,
  parent: number,
  name: Name,
  newParent: number,
  newName: Name,
  flags: number,
): Awaitable<void> {
  checkFlags(flags)
  fs.checkWritable()
  const saved = together([
    savedBehind(fs, parent, name),
    flags & RenameFlag.exchange ? savedBehind(fs, newParent, newName) : undefined,
  ])
  return after(saved, () => {
    keepHeld(fs, newParent, newName)
    const names = { parent, name, newParent, newName }
    const intent = { kind: 'rename', ...names, flags, time: fs.now(), as: fs.as(caller) } as const
    return then(fs.change<RemovalResult>(caller, intent), (result) => keepRemoved(fs, result))
  })
}

function savedBehind(fs: FileSystem, parent: number, name: Name): Promise<void> | undefined {
  const dirent = fs.files.size > 0 ? fs.replica.lookup(parent, name) : undefined
  return dirent && fs.saves.saved(dirent.ino)
}

function together(waits: readonly (Promise<void> | undefined)[]): Promise<unknown> | undefined {
  const real = waits.filter((wait) => wait !== undefined)
  return real.length > 0 ? Promise.all(real) : undefined
}
