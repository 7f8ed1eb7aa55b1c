// All extended attributes of an inode, wherever they are: a small set stands in the inode's record; of a
// large one the ACLs stay there, because every check of permissions looks at them, and the rest is a
// block.

import type { ContentStore, StoredXattrs } from '../content/content.js'
import { blockBytesMax, inlineXattrBytesMax } from '../content/limits.js'
import { aclAccessName, aclDefaultName } from '../posix/acl.js'
import { Errno, FsError } from '../posix/errno.js'
import type { Inode, Xattrs } from '../volume/inode.js'
import type { Name } from '../volume/name.js'
import { encodeXattrs, noXattrs } from '../volume/xattr-codec.js'
import { then } from './awaitable.js'
import type { Awaitable } from './vfs.js'

/** Longest ACL, some 500 entries: the kernel asks a FUSE server for no more than a page. ENOSPC beyond. */
export const aclBytesMax = 4096

export function isAcl(name: Name): boolean {
  return name === aclAccessName || name === aclDefaultName
}

export function loadXattrSet(
  content: ContentStore,
  inode: Pick<Inode, 'xattrs' | 'xattrBlock'>,
): Awaitable<Xattrs> {
  const { xattrs, xattrBlock } = inode
  if (!xattrBlock) return xattrs
  return then(content.loadXattrs({ xattrs: noXattrs, xattrBlock }), (rest) =>
    xattrs.size > 0 ? new Map([...rest, ...xattrs]) : rest,
  )
}

/** Whether the set has room in the inode's record. */
export function isSmall(xattrs: Xattrs): boolean {
  return encodeXattrs(xattrs).length <= inlineXattrBytesMax
}

/** Uploads a block where that is needed. ENOSPC for more than one block takes. */
export function saveXattrSet(content: ContentStore, xattrs: Xattrs): Awaitable<StoredXattrs> {
  if (isSmall(xattrs)) return { xattrs, xattrBlock: undefined }
  const kept = new Map<Name, Uint8Array>()
  const rest = new Map<Name, Uint8Array>()
  for (const [name, value] of xattrs) (isAcl(name) ? kept : rest).set(name, value)
  if (encodeXattrs(rest).length > blockBytesMax)
    throw new FsError(Errno.ENOSPC, 'too many extended attributes')
  return then(content.saveXattrs(rest), (stored) =>
    stored.xattrBlock
      ? { xattrs: kept, xattrBlock: stored.xattrBlock }
      : { xattrs: new Map([...stored.xattrs, ...kept]), xattrBlock: undefined },
  )
}
