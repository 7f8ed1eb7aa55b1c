import { Errno, FsError } from '../../posix/errno.js'
import type { Inode } from '../../volume/inode.js'
import type { Name } from '../../volume/name.js'
import { after } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import type { Awaitable, Caller } from '../vfs.js'

/** link(2); also the first name of an inode made by O_TMPFILE. What is unsaved is saved before. */
export function link(
  fs: FileSystem,
  caller: Caller,
  ino: number,
  parent: number,
  name: Name,
): Awaitable<Inode> {
  fs.checkWritable()
  const orphan = fs.isOrphan(ino) ? fs.inodes.orphan(ino) : undefined
  if (orphan) return adopt(fs, caller, orphan, parent, name)
  return after(fs.saves.saved(ino), () => {
    const intent = { kind: 'link', ino, parent, name, time: fs.now(), as: fs.as(caller) } as const
    return fs.change<Inode>(caller, intent)
  })
}

/** ENOENT where the inode had a name and lost it: that is for good. */
async function adopt(
  fs: FileSystem,
  caller: Caller,
  inode: Inode,
  parent: number,
  name: Name,
): Promise<Inode> {
  if (!fs.inodes.isNameless(inode.ino)) throw new FsError(Errno.ENOENT)
  const file = fs.file(inode.ino)
  const as = fs.as(caller)
  const linked = await fs.saves.adopt(file, (saving) => ({
    ...saving,
    kind: 'adopt',
    blocks: [],
    prepared: undefined,
    inode: fs.storedInode(inode.ino),
    parent,
    name,
    as,
    time: fs.now(),
  }))
  fs.inodes.clearOrphan(inode.ino)
  fs.settleFile(file)
  return linked
}
