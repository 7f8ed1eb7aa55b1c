// Mounts of this host as other processes see them: the register, the mount table, and what each mount
// says on its control socket. Never touches a mount without a time-out.

import { askControlSocket } from '../mount/control-socket.js'
import { cassfsType, type MountHealth, probeMount, readMountTable } from '../mount/mount-table.js'
import {
  listRunningMounts,
  type RunningMountRecord,
  registerFolders,
} from '../mount/running-mounts.js'
import type { MountStatus } from '../observe/status.js'
import { FsError } from '../posix/errno.js'

export interface SeenMount {
  readonly mountpoint: string
  /**
   * `running`: it answers. `silent`: its process lives and does not answer. `dead`: its process is gone.
   * `detached`: unmounted, serving what is still open. `starting`: not mounted yet.
   */
  readonly state: 'running' | 'silent' | 'dead' | 'detached' | 'starting'
  /** Absent for a mount that is in no register that this user can read. */
  readonly record?: RunningMountRecord
  /** What it says of itself; absent where it does not answer. */
  readonly status?: MountStatus
}

export interface ClientHost {
  readonly uid: number
  readonly env: Readonly<Record<string, string | undefined>>
}

const statusTimeoutMs = 3000

/** All of them, by mountpoint. */
export async function seeMounts(host: ClientHost): Promise<SeenMount[]> {
  const records = await listRunningMounts(await registerFolders(host))
  const table = (await readMountTable()).filter((entry) => entry.type === cassfsType)
  const mounted = new Set(table.map((entry) => entry.mountpoint))
  const known = new Set(records.map((record) => record.mountpoint))
  const strangers = [...mounted].filter((mountpoint) => !known.has(mountpoint))
  const seen = await Promise.all([
    ...records.map((record) => seeRegistered(record, mounted.has(record.mountpoint))),
    ...strangers.map(seeStranger),
  ])
  return seen.sort((a, b) => (a.mountpoint < b.mountpoint ? -1 : 1))
}

async function seeRegistered(record: RunningMountRecord, isMounted: boolean): Promise<SeenMount> {
  const { mountpoint } = record
  const status = await askStatus(record)
  if (!status) return { mountpoint, state: isMounted ? 'silent' : 'starting', record }
  return { mountpoint, state: isMounted ? 'running' : 'detached', record, status }
}

async function askStatus(record: RunningMountRecord): Promise<MountStatus | undefined> {
  try {
    return await askControlSocket(record.controlSocket, { request: 'status' }, statusTimeoutMs)
  } catch (error) {
    // No answer is an answer here: the mount is shown as silent.
    if (error instanceof FsError) return undefined
    throw error
  }
}

const stateOfHealth: Readonly<Record<MountHealth, SeenMount['state']>> = {
  answers: 'running',
  silent: 'silent',
  dead: 'dead',
}

async function seeStranger(mountpoint: string): Promise<SeenMount> {
  return { mountpoint, state: stateOfHealth[await probeMount(mountpoint, statusTimeoutMs)] }
}
