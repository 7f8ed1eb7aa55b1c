// Carries out what remount-words.ts reads.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cassfsType, mountAt, readMountTable, resolveMountpoint } from '../mount/mount-table.js'
import { Errno, FsError } from '../posix/errno.js'
import type { RemountOrder } from './remount-words.js'

/**
 * Has mount(8) do it without a helper: it knows how options and flags go together. Answers its exit status;
 * EINVAL where no CassFS is mounted there.
 */
export async function remount({ folder, options }: RemountOrder): Promise<number> {
  const mountpoint = await resolveMountpoint(folder)
  const present = mountAt(await readMountTable(), mountpoint)
  if (present?.type !== cassfsType) {
    throw new FsError(Errno.EINVAL, `no CassFS is mounted on ${mountpoint} to be mounted anew`)
  }
  const args = ['--internal-only', '-o', options, '--', mountpoint]
  const child = spawn('mount', args, { stdio: 'inherit' })
  const [status] = (await once(child, 'exit')) as [number | null]
  return status ?? 1
}
