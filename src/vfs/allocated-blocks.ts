// How much room an inode is said to take.

import { isDirectory } from '../posix/mode.js'
import type { Inode } from '../volume/inode.js'

const blockBytes = 512

/**
 * st_blocks: a directory takes as much as its size says; a file what is stored of it. Programs that copy
 * sparse files (tar -S) take a file without blocks for one hole, so one with unsaved bytes shows a block.
 */
export function allocatedBlocks(inode: Inode, isUnsaved: boolean): number {
  if (isDirectory(inode)) return inode.size / blockBytes
  const blocks = Math.ceil(storedBytes(inode) / blockBytes)
  return isUnsaved && inode.size > 0 ? Math.max(1, blocks) : blocks
}

function storedBytes(inode: Inode): number {
  switch (inode.content.kind) {
    case 'none':
      return 0
    case 'inline':
      return inode.content.data.length
    default:
      return Math.min(inode.content.length, inode.size)
  }
}
