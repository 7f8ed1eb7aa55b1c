// A mount from its order to its end, in the foreground or the background: the folder is prepared and
// claimed, the mount assembled and registered, and its life watched over. Everything opened here is
// closed here, in the opposite order.

import path from 'node:path'
import type { Config } from '../config/schema.js'
import { assembleMount, type RunningMount } from '../mount/assemble.js'
import { startAutoUnmount } from '../mount/auto-unmount.js'
import { openControlSocket } from '../mount/control-socket.js'
import { findHolders } from '../mount/holders.js'
import { bindSignals, createLifecycle } from '../mount/lifecycle.js'
import { prepareMountpoint } from '../mount/mountpoint.js'
import {
  type Registration,
  type RunningMountRecord,
  registerFolder,
  registerMount,
} from '../mount/running-mounts.js'
import type { Logger } from '../observe/logger.js'
import type { MetricsServer } from '../observe/metrics-server.js'
import { Errno, FsError } from '../posix/errno.js'
import { explainingUnknown } from './environment-error.js'
import { type MountOrder, mountPlan } from './mount-order.js'
import { prepareStateFolder } from './state-folder.js'
import { packageVersion } from './version.js'

/** Mounts, tells `ready` when requests are answered, and resolves at its end with the exit status. */
export async function serveMount(
  order: MountOrder,
  logger: Logger,
  ready: (mount: RunningMount) => Promise<void> | void,
): Promise<number> {
  const { config, log } = order
  await prepareStateFolder(config.statedir)
  refuseStateBelow(order.mountpoint, config.statedir, log.file)
  const prepared = await prepareMountpoint(order.mountpoint)
  if (prepared.detached > 0) {
    logger.warn('a dead mount was there; it is detached', { mountpoint: prepared.path })
  }
  const registration = await claim(order, prepared.path)
  try {
    return await explainingUnknown(config, () =>
      serveClaimed(order, registration.record, logger, ready),
    )
  } finally {
    await registration.release()
  }
}

function claim({ config, log }: MountOrder, mountpoint: string): Promise<Registration> {
  const folder = registerFolder({ uid: process.getuid?.() ?? 0, env: process.env })
  return registerMount(folder, {
    mountpoint,
    owner: config.owner,
    environment: config.environment,
    engine: config.server ? 'cassandra' : 'lmdb',
    readOnly: config.ro,
    version: packageVersion(),
    ...(log.file !== undefined && { logFile: log.file }),
  })
}

async function serveClaimed(
  { config }: MountOrder,
  { mountpoint, controlSocket }: RunningMountRecord,
  logger: Logger,
  ready: (mount: RunningMount) => Promise<void> | void,
): Promise<number> {
  const metrics = await openMetrics(config, logger)
  const watcher = startAutoUnmount(mountpoint)
  try {
    const mount = await assembleMount(mountPlan(config, mountpoint, logger), logger)
    const lifecycle = createLifecycle(mount, {
      logger,
      findHolders: () => findHolders({ mountpoint }),
    })
    const unbindSignals = bindSignals(lifecycle)
    const control = await openControlSocket(controlSocket, {
      status: () => mount.status(),
      unmount: (options) => lifecycle.unmount(options),
    })
    metrics?.attach(() => mount.status())
    await ready(mount)
    const exitStatus = await lifecycle.finished
    await control.close()
    unbindSignals()
    logger.info('unmounted', { mountpoint })
    return exitStatus
  } finally {
    watcher.disarm()
    await metrics?.close()
  }
}

/** Before the mount: where nobody could ask there shall be none. */
async function openMetrics(
  { metrics }: Config,
  logger: Logger,
): Promise<MetricsServer | undefined> {
  if (metrics === 'off') return undefined
  const { openMetricsServer } = await import('../observe/metrics-server.js')
  const server = await openMetricsServer(metrics, logger)
  logger.info('metrics are served', { address: server.address })
  return server
}

/** A mount that waits for itself hangs for ever. */
function refuseStateBelow(mountpoint: string, ...paths: (string | undefined)[]): void {
  for (const each of paths) {
    if (each === undefined) continue
    const relative = path.relative(mountpoint, each)
    if (relative.startsWith('..') || path.isAbsolute(relative)) continue
    const message = `${each} lies below ${mountpoint}: state and log must be outside of the mount`
    throw new FsError(Errno.EINVAL, message)
  }
}
