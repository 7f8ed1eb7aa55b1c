// Backing files (PASSTHROUGH, 7.40): a local file that the kernel reads and writes itself in place
// of asking. Root only, and only where INIT settled PASSTHROUGH.
//
// All opens of one inode must agree: as long as one is on a backing file, the kernel refuses (EIO)
// an open of that inode on another one, or one that caches pages. FOPEN_DIRECT_IO goes with all.

import { ioctl } from '../native/ioctl.js'

/** _IOW(229, 1, struct fuse_backing_map {int32 fd; uint32 flags; uint64 padding}). */
const FUSE_DEV_IOC_BACKING_OPEN = 0x4010e501
/** _IOW(229, 2, uint32). */
const FUSE_DEV_IOC_BACKING_CLOSE = 0x4004e502

/**
 * Makes the open file `fd` known to the kernel; the id goes into an OpenReply with
 * FOPEN_PASSTHROUGH. `fd` may be closed afterwards. Throws FsError: EPERM without PASSTHROUGH or
 * CAP_SYS_ADMIN, ELOOP for a file on a file system that is itself stacked too high.
 */
export function openBacking(deviceFd: number, fd: number): number {
  const map = Buffer.alloc(16)
  map.writeInt32LE(fd, 0)
  return ioctl(deviceFd, FUSE_DEV_IOC_BACKING_OPEN, map)
}

/** Takes the id back; files that are open on it stay so. Throws FsError ENOENT. */
export function closeBacking(deviceFd: number, backingId: number): void {
  const id = Buffer.alloc(4)
  id.writeInt32LE(backingId, 0)
  ioctl(deviceFd, FUSE_DEV_IOC_BACKING_CLOSE, id)
}
