// `cassfs umount`: asks the mount itself, which saves, tells who holds it, and detaches. What does not
// answer, or has no process any more, is detached from here.

import { setTimeout as sleep } from 'node:timers/promises'
import { askControlSocket, type UnmountAnswer } from '../../mount/control-socket.js'
import { describeHolder, type Holder } from '../../mount/holders.js'
import {
  cassfsType,
  detachMount,
  mountAt,
  probeMount,
  readMountTable,
  resolveMountpoint,
} from '../../mount/mount-table.js'
import {
  findRunningMount,
  type RunningMountRecord,
  registerFolders,
} from '../../mount/running-mounts.js'
import { Errno, FsError } from '../../posix/errno.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'

/** Saving what is unsaved can take long on a slow link; the mount itself bounds it. */
const answerMsMax = 180_000
const endMsMax = 30_000
/** Who does not even tell its status hangs, or is stopped. */
const aliveMsMax = 5_000

export async function run(
  context: CommandContext,
  [folder = '']: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const mountpoint = await resolveMountpoint(folder)
  const detach = options['no-detach'] !== true
  const folders = await registerFolders(context)
  const record = await findRunningMount(folders, mountpoint)
  const answer = record && (await ask(context, record, detach))
  if (!answer) return unmountSilent(context, mountpoint, detach)
  if (answer.outcome === 'unmounted') await waitForEnd(folders, mountpoint)
  return tell(context, mountpoint, answer)
}

/** ECONNREFUSED (111) is a socket whose process has gone. */
const silentErrors: readonly number[] = [Errno.ETIMEDOUT, Errno.ENOENT, 111]

/** Undefined: nobody answers there. */
async function ask(
  context: CommandContext,
  record: RunningMountRecord,
  detach: boolean,
): Promise<UnmountAnswer | undefined> {
  try {
    await askControlSocket(record.controlSocket, { request: 'status' }, aliveMsMax)
    const request = { request: 'unmount', detach } as const
    return await askControlSocket(record.controlSocket, request, answerMsMax)
  } catch (error) {
    if (!(error instanceof FsError)) throw error
    const silent = silentErrors.includes(error.errno)
    if (!silent)
      throw new FsError(error.errno, `cannot unmount ${record.mountpoint}`, { cause: error })
    context.warn(`the mount (process ${record.pid}) does not answer: ${error.message}`)
    return undefined
  }
}

function tell(context: CommandContext, mountpoint: string, answer: UnmountAnswer): number {
  if (answer.outcome === 'unmounted') return 0
  const holders: readonly Holder[] = answer.holders
  context.warn(
    `${mountpoint} is busy${holders.length === 0 ? '; it cannot be told who holds it' : ''}`,
  )
  for (const holder of holders) context.warn(`  ${describeHolder(holder)}`)
  if (answer.outcome === 'busy') {
    context.warn('it stays mounted; end these programs, or leave out --no-detach')
    return 1
  }
  context.warn('it is saved and detached; what is open is served until it is closed')
  return 0
}

/** When the command returns, the folder and its state can be used again. */
async function waitForEnd(folders: readonly string[], mountpoint: string): Promise<void> {
  const deadline = performance.now() + endMsMax
  while (performance.now() < deadline) {
    if (!(await findRunningMount(folders, mountpoint))) return
    await sleep(50)
  }
}

async function unmountSilent(
  context: CommandContext,
  mountpoint: string,
  detach: boolean,
): Promise<number> {
  const present = mountAt(await readMountTable(), mountpoint)
  if (!present) throw new FsError(Errno.EINVAL, `nothing is mounted on ${mountpoint}`)
  if (present.type !== cassfsType) {
    const command = `umount ${mountpoint}`
    const message = `${mountpoint} is no CassFS but of type ${present.type}; use: ${command}`
    throw new FsError(Errno.EINVAL, message)
  }
  const health = await probeMount(mountpoint)
  if (health !== 'dead' && !detach) {
    const why = 'its process cannot be asked whether it is busy; leave out --no-detach'
    throw new FsError(Errno.EBUSY, `${mountpoint} stays mounted: ${why}`)
  }
  await detachMount(mountpoint)
  const was = health === 'dead' ? 'was dead' : 'could not be asked to save'
  context.warn(`${mountpoint} ${was}; it is detached`)
  return 0
}
