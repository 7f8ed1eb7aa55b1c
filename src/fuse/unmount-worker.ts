// The thread that unmounts: umount2(2) can wait for the server of the very file system it ends (dirty
// pages of a mapping are written out first), so the thread that serves must not call it.

import { parentPort, workerData } from 'node:worker_threads'
import { umount2 } from '../native/mount.js'
import type { FsError } from '../posix/errno.js'

export interface UnmountOrder {
  readonly mountpoint: string
  /** UmountFlag. */
  readonly flags: number
}

/** Answers an error number, 0 for success. */
function carryOut({ mountpoint, flags }: UnmountOrder): number {
  try {
    umount2(mountpoint, flags)
    return 0
  } catch (error) {
    return (error as FsError).errno
  }
}

parentPort?.postMessage(carryOut(workerData))
