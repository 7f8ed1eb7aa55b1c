// Makes sure that a folder can be mounted on, before anything is opened: it is there and empty, nothing
// is mounted on it, and what a killed CassFS mount left is taken away.

import { mkdir, opendir } from 'node:fs/promises'
import path from 'node:path'
import { Errno, FsError } from '../posix/errno.js'
import {
  cassfsType,
  detachDeadMounts,
  type MountEntry,
  mountAt,
  probeMount,
  readMountTable,
  resolveMountpoint,
} from './mount-table.js'

export interface PreparedMountpoint {
  /** Absolute, without links. */
  readonly path: string
  /** The folder was made here. */
  readonly created: boolean
  /** How many dead CassFS mounts were detached from it. */
  readonly detached: number
}

/** Throws FsError ENOENT, ENOTDIR, EBUSY, ENOTEMPTY with what to do about it. */
export async function prepareMountpoint(given: string): Promise<PreparedMountpoint> {
  const created = await makeIfMissing(given)
  const mountpoint = await resolveMountpoint(given)
  const detached = await detachDeadMounts(mountpoint)
  const present = mountAt(await readMountTable(), mountpoint)
  if (present) throw await occupied(mountpoint, present)
  await mustBeEmpty(mountpoint)
  return { path: mountpoint, created, detached }
}

/** The last folder of the path is made; a missing parent is more likely a mistake. */
async function makeIfMissing(given: string): Promise<boolean> {
  const mountpoint = path.resolve(given)
  try {
    if (mountAt(await readMountTable(), mountpoint)) return false
    await mkdir(mountpoint)
    return true
  } catch (error) {
    const { code, errno = -Errno.EIO } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code === 'ENOENT') throw missingParent(mountpoint)
    if (code === 'ENOTDIR') {
      throw new FsError(Errno.ENOTDIR, `${mountpoint}: a part of it is a file`)
    }
    const message = `${mountpoint} does not exist and cannot be made (${code}); make it first`
    throw new FsError(-errno, message, { cause: error })
  }
}

function missingParent(mountpoint: string): FsError {
  const hint = `make it with: mkdir -p ${mountpoint}`
  return new FsError(Errno.ENOENT, `${path.dirname(mountpoint)} does not exist; ${hint}`)
}

async function occupied(mountpoint: string, present: MountEntry): Promise<FsError> {
  if (present.type !== cassfsType) {
    const message = `${mountpoint} is already a mount (type ${present.type}); choose another folder`
    return new FsError(Errno.EBUSY, message)
  }
  const silent = (await probeMount(mountpoint)) === 'silent'
  const state = silent ? 'and does not answer just now' : 'and works'
  const message = `a CassFS is mounted on ${mountpoint} ${state}; to end it: cassfs umount ${mountpoint}`
  return new FsError(Errno.EBUSY, message)
}

async function mustBeEmpty(mountpoint: string): Promise<void> {
  const names: string[] = []
  const folder = await openFolder(mountpoint)
  for await (const entry of folder) {
    names.push(entry.name)
    if (names.length > 3) break
  }
  if (names.length === 0) return
  const shown = names.slice(0, 3).map((name) => JSON.stringify(name))
  throw new FsError(
    Errno.ENOTEMPTY,
    `${mountpoint} is not empty (${shown.join(', ')}${names.length > 3 ? ', ...' : ''}): ` +
      'a mount would hide what is in it; choose an empty folder',
  )
}

async function openFolder(mountpoint: string) {
  try {
    return await opendir(mountpoint)
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException
    const what = code === 'ENOTDIR' ? 'is not a folder' : `cannot be opened (${code})`
    throw new FsError(Math.abs(errno ?? Errno.EIO), `${mountpoint} ${what}`, { cause: error })
  }
}
