// Extended attributes too large for an inode's record are a block; which ones are, is decided here.

import { Errno, FsError } from '../posix/errno.js'
import { FormatError } from '../volume/format-error.js'
import type { Inode, Xattrs } from '../volume/inode.js'
import { decodeXattrs, encodeXattrs, noXattrs } from '../volume/xattr-codec.js'
import type { BlockSource } from './block-source.js'
import type { StoredXattrs } from './content.js'
import { checkedBlock } from './content-parts.js'
import { inlineXattrBytesMax } from './limits.js'
import { Upload, type UploadTarget } from './upload.js'

/** As ContentStore.loadXattrs. */
export function loadXattrs(
  source: BlockSource,
  inode: Pick<Inode, 'xattrs' | 'xattrBlock'>,
): Xattrs | Promise<Xattrs> {
  const { xattrBlock } = inode
  if (!xattrBlock) return inode.xattrs
  const { hash, length } = xattrBlock
  const decode = (block: Buffer) => decoded(checkedBlock(block, hash, length), hash)
  const block = source.block(hash)
  if (block) return decode(block)
  return source.loadBlocks([hash]).then(([loaded]) => decode(loaded as Buffer))
}

/** As ContentStore.saveXattrs. */
export function saveXattrs(
  target: UploadTarget,
  xattrs: Xattrs,
): StoredXattrs | Promise<StoredXattrs> {
  const bytes = encodeXattrs(xattrs)
  if (bytes.length <= inlineXattrBytesMax) return { xattrs, xattrBlock: undefined }
  return upload(target, bytes)
}

async function upload(target: UploadTarget, bytes: Uint8Array): Promise<StoredXattrs> {
  const own = Buffer.allocUnsafeSlow(bytes.length)
  own.set(bytes)
  const upload = new Upload(target)
  const hash = await upload.add(own)
  await upload.finish()
  return { xattrs: noXattrs, xattrBlock: { hash, length: bytes.length } }
}

function decoded(block: Buffer, hash: string): Xattrs {
  try {
    return decodeXattrs(block)
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause
    throw new FsError(Errno.EIO, `block ${hash} holds no extended attributes`, { cause })
  }
}
