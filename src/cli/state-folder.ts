// The folder of all local state: what lies there is as secret as the files of the volumes.

import { chmod, readdir, stat } from 'node:fs/promises'
import { Errno, FsError } from '../posix/errno.js'
import { makeLastingFolder } from '../tables/lasting-folder.js'

/**
 * Makes the folder with mode 0700. One that exists and is open to others is closed if it is empty, else
 * refused: it may be a folder that others need (/tmp).
 */
export async function prepareStateFolder(folder: string): Promise<void> {
  try {
    makeLastingFolder(folder)
    const { mode } = await stat(folder)
    if ((mode & 0o077) === 0) return
    if ((await readdir(folder)).length === 0) return await chmod(folder, 0o700)
    throw openToOthers(folder, mode)
  } catch (error) {
    if (error instanceof FsError) throw error
    const { errno, code } = error as NodeJS.ErrnoException
    const message =
      `the state folder ${folder} cannot be used (${code}); choose another with -statedir, ` +
      'or see: cassfs doctor'
    throw new FsError(Math.abs(errno ?? Errno.EIO), message, { cause: error })
  }
}

function openToOthers(folder: string, mode: number): FsError {
  const octal = (mode & 0o777).toString(8)
  const message =
    `the state folder ${folder} is open to others (mode ${octal}); if it is for CassFS alone, ` +
    `run: chmod 700 ${folder}; else choose another with -statedir`
  return new FsError(Errno.EPERM, message)
}
