import { nameBytesMax } from '../../volume/name.js'
import { then } from '../awaitable.js'
import type { FileSystem } from '../file-system.js'
import type { Awaitable, Caller, FileSystemStatus } from '../vfs.js'

const frsize = 4096
/** Where neither a quota nor a disk says more: 1 PiB, and as many inodes as 32 bits count. */
const bytesWithoutLimit = 2 ** 50
const inodesWithoutLimit = 2 ** 32

/** The volume's quota where it has one, cut to the disk under the store. */
export function statfs(fs: FileSystem, _caller: Caller): Awaitable<FileSystemStatus> {
  return then(fs.options.space?.(), (space) => {
    const { usedBytes, usedInodes, quotaBytes, quotaInodes } = fs.replica.head
    const disk = space
      ? { total: space.totalBytes, free: space.freeBytes }
      : { total: bytesWithoutLimit, free: bytesWithoutLimit - usedBytes }
    const total = quotaBytes || disk.total
    const free = quotaBytes ? Math.min(quotaBytes - usedBytes, disk.free) : disk.free
    const bfree = Math.floor(Math.max(0, free) / frsize)
    const files = quotaInodes || inodesWithoutLimit
    return {
      blocks: Math.floor(total / frsize),
      bfree,
      bavail: bfree,
      files,
      ffree: Math.max(0, files - usedInodes),
      bsize: frsize,
      frsize,
      namelen: nameBytesMax,
    }
  })
}
