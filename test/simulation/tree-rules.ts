// A small set of rules for tests of the replica: enough of POSIX that lost, doubled or misplaced changes
// show (exclusive creates, appends, hard links, renames over files and of directories), with all content
// inline. Not the vfs' rules: those are tested over the same replica elsewhere.

import { Errno, FsError } from '../../src/posix/errno.js'
import type { Draft, Namespace } from '../../src/replica/namespace.js'
import type { Rules } from '../../src/replica/replica.js'
import { timeAfter } from '../../src/volume/clock.js'
import type { Inode, Timespec } from '../../src/volume/inode.js'
import type { Name } from '../../src/volume/name.js'

const S_IFMT = 0o170000
const S_IFDIR = 0o040000
const S_IFREG = 0o100000

interface InDirectory {
  readonly parent: number
  readonly name: Name
}

/** Plain data: what a mount would put into its journal. `ino` of new inodes is allocated before. */
export type TreeIntent =
  | ({ readonly op: 'create'; readonly ino: number; readonly exclusive: boolean } & InDirectory)
  | ({ readonly op: 'mkdir'; readonly ino: number } & InDirectory)
  | ({ readonly op: 'unlink' } & InDirectory)
  | ({ readonly op: 'rmdir' } & InDirectory)
  | ({ readonly op: 'link'; readonly ino: number } & InDirectory)
  | ({ readonly op: 'rename'; readonly toParent: number; readonly toName: Name } & InDirectory)
  | { readonly op: 'append'; readonly ino: number; readonly text: string }
  | { readonly op: 'overwrite'; readonly ino: number; readonly text: string }
  | { readonly op: 'chmod'; readonly ino: number; readonly mode: number }

/** When an intent was made. */
export type TimedIntent = TreeIntent & { readonly at: Timespec }

/** What `apply` answers: the inode made, opened or changed; 0 where there is none. */
export const treeRules: Rules<TimedIntent> = {
  prepare: () => undefined,
  apply: (intent, draft) => applyTree(intent, draft),
  journal: {
    encode: (intent) => ({
      intent: Buffer.from(JSON.stringify(intent), 'latin1'),
      content: [],
    }),
    decode: (bytes) => JSON.parse(Buffer.from(bytes).toString('latin1')) as TimedIntent,
  },
}

export function applyTree(intent: TimedIntent, draft: Draft): number {
  switch (intent.op) {
    case 'create':
      return create(intent, draft)
    case 'mkdir':
      mustBeFree(draft, intent)
      return make(draft, intent, newInode(intent.ino, S_IFDIR | 0o755, intent.at), intent.at)
    case 'unlink':
      return unlink(intent, draft)
    case 'rmdir':
      return rmdir(intent, draft)
    case 'link':
      return link(intent, draft)
    case 'rename':
      return rename(intent, draft)
    case 'append':
    case 'overwrite': {
      const inode = mustExist(draft, intent.ino)
      if (inode.mode >>> 12 !== S_IFREG >>> 12) throw new FsError(Errno.EISDIR)
      const isKept = intent.op === 'append' && inode.content.kind === 'inline'
      const old = isKept ? inode.content.data : Buffer.alloc(0)
      const data = Buffer.concat([old, Buffer.from(intent.text, 'latin1')])
      const content = { kind: 'inline', data } as const
      draft.setInode(touched({ ...inode, content, size: data.length }, intent.at))
      return intent.ino
    }
    case 'chmod': {
      const inode = mustExist(draft, intent.ino)
      const mode = (inode.mode & S_IFMT) | intent.mode
      draft.setInode(touched({ ...inode, mode }, intent.at))
      return intent.ino
    }
  }
}

export function newInode(ino: number, mode: number, at: Timespec): Inode {
  const isDirectory = (mode & S_IFMT) === S_IFDIR
  return {
    ino,
    mode,
    uid: 0,
    gid: 0,
    nlink: isDirectory ? 2 : 1,
    rdev: 0,
    size: isDirectory ? 4096 : 0,
    atime: undefined,
    mtime: at,
    ctime: at,
    btime: at,
    content: { kind: 'none' },
    target: '',
    xattrs: new Map(),
    xattrBlock: undefined,
    shared: false,
  }
}

/** Text of a regular file. */
export function textOf(inode: Inode): string {
  if (inode.content.kind !== 'inline') return ''
  return Buffer.from(inode.content.data).toString('latin1')
}

function create(intent: TimedIntent & { op: 'create' }, draft: Draft): number {
  mustBeDirectory(draft, intent.parent)
  const present = draft.lookup(intent.parent, intent.name)
  if (!present)
    return make(draft, intent, newInode(intent.ino, S_IFREG | 0o644, intent.at), intent.at)
  if (intent.exclusive) throw new FsError(Errno.EEXIST)
  if (present.type === S_IFDIR) throw new FsError(Errno.EISDIR)
  return present.ino
}

function unlink({ parent, name, at }: TimedIntent & InDirectory, draft: Draft): number {
  const dirent = draft.lookup(parent, name)
  if (!dirent) throw new FsError(Errno.ENOENT)
  if (dirent.type === S_IFDIR) throw new FsError(Errno.EISDIR)
  draft.unlink(parent, name)
  dropLink(draft, dirent.ino, at)
  touchDirectory(draft, parent, at)
  return dirent.ino
}

function rmdir({ parent, name, at }: TimedIntent & InDirectory, draft: Draft): number {
  const dirent = draft.lookup(parent, name)
  if (!dirent) throw new FsError(Errno.ENOENT)
  if (dirent.type !== S_IFDIR) throw new FsError(Errno.ENOTDIR)
  if (draft.list(dirent.ino, undefined, 1).length > 0) throw new FsError(Errno.ENOTEMPTY)
  draft.unlink(parent, name)
  draft.removeInode(dirent.ino)
  touchDirectory(draft, parent, at)
  return dirent.ino
}

function link(intent: TimedIntent & { op: 'link' }, draft: Draft): number {
  const { parent, name, ino, at } = intent
  const inode = mustExist(draft, ino)
  if ((inode.mode & S_IFMT) === S_IFDIR) throw new FsError(Errno.EPERM)
  mustBeFree(draft, intent)
  draft.setInode(touched({ ...inode, nlink: inode.nlink + 1, shared: true }, at))
  draft.link(parent, name, { ino, type: inode.mode & S_IFMT })
  touchDirectory(draft, parent, at)
  return ino
}

function rename(intent: TimedIntent & { op: 'rename' }, draft: Draft): number {
  const { parent, name, toParent, toName, at } = intent
  const dirent = draft.lookup(parent, name)
  if (!dirent) throw new FsError(Errno.ENOENT)
  mustBeDirectory(draft, toParent)
  if (dirent.type === S_IFDIR && isWithin(draft, toParent, dirent.ino))
    throw new FsError(Errno.EINVAL)
  const target = draft.lookup(toParent, toName)
  if (target?.ino === dirent.ino) return dirent.ino
  if (target) checkTarget(draft, target, dirent.type)
  draft.unlink(parent, name)
  draft.link(toParent, toName, dirent)
  draft.setInode(touched(mustExist(draft, dirent.ino), at))
  touchDirectory(draft, parent, at)
  if (toParent !== parent) touchDirectory(draft, toParent, at)
  if (!target) return dirent.ino
  if (target.type === S_IFDIR) draft.removeInode(target.ino)
  else dropLink(draft, target.ino, at)
  return dirent.ino
}

function checkTarget(draft: Draft, target: { ino: number; type: number }, type: number): void {
  if (target.type === S_IFDIR && type !== S_IFDIR) throw new FsError(Errno.EISDIR)
  if (target.type !== S_IFDIR && type === S_IFDIR) throw new FsError(Errno.ENOTDIR)
  if (target.type === S_IFDIR && draft.list(target.ino, undefined, 1).length > 0)
    throw new FsError(Errno.ENOTEMPTY)
}

function make(draft: Draft, { parent, name }: InDirectory, inode: Inode, at: Timespec): number {
  draft.setInode(inode)
  draft.link(parent, name, { ino: inode.ino, type: inode.mode & S_IFMT })
  touchDirectory(draft, parent, at)
  return inode.ino
}

function dropLink(draft: Draft, ino: number, at: Timespec): void {
  const inode = mustExist(draft, ino)
  if (inode.nlink <= 1) draft.removeInode(ino)
  else draft.setInode(touched({ ...inode, nlink: inode.nlink - 1 }, at))
}

function touchDirectory(draft: Draft, ino: number, at: Timespec): void {
  const inode = mustBeDirectory(draft, ino)
  const ctime = timeAfter(at, inode.ctime)
  draft.setInode({ ...inode, mtime: ctime, ctime })
}

function touched(inode: Inode, at: Timespec): Inode {
  return { ...inode, ctime: timeAfter(at, inode.ctime) }
}

function mustExist(namespace: Namespace, ino: number): Inode {
  const inode = namespace.inode(ino)
  if (!inode) throw new FsError(Errno.ESTALE)
  return inode
}

function mustBeDirectory(namespace: Namespace, ino: number): Inode {
  const inode = namespace.inode(ino)
  if (!inode) throw new FsError(Errno.ENOENT)
  if ((inode.mode & S_IFMT) !== S_IFDIR) throw new FsError(Errno.ENOTDIR)
  return inode
}

function mustBeFree(namespace: Namespace, { parent, name }: InDirectory): void {
  mustBeDirectory(namespace, parent)
  if (namespace.lookup(parent, name)) throw new FsError(Errno.EEXIST)
}

function isWithin(namespace: Namespace, ino: number, ancestor: number): boolean {
  const passed = new Set<number>()
  for (let at: number | undefined = ino; at !== undefined; at = namespace.parentOf(at)) {
    if (at === ancestor) return true
    if (passed.has(at)) throw new Error(`inode ${at} lies beneath itself`)
    passed.add(at)
  }
  return false
}
