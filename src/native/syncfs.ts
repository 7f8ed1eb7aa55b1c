// syncfs(2): everything that a file system holds back goes to its disk.

import { check, declare } from './libc.js'

const libcSyncfs = declare<(fd: number) => number>('int syncfs(int)')

/** Syncs the file system that the open file lies on. Blocks for as long as it takes. */
export function syncfs(fd: number): void {
  check(libcSyncfs(fd), 'syncfs')
}
