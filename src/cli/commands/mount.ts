// `cassfs [mount] <folder>`, in the foreground or the background.

import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { startInBackground } from '../../mount/background.js'
import { probeMount, resolveMountpoint } from '../../mount/mount-table.js'
import { openLogger } from '../../observe/logger.js'
import { Errno, FsError } from '../../posix/errno.js'
import type { CommandContext } from '../command-spec.js'
import { type MountOrder, mountOrder } from '../mount-order.js'
import { serveMount } from '../serve-mount.js'
import { prepareStateFolder } from '../state-folder.js'

export async function run(
  context: CommandContext,
  [folder = '']: readonly string[],
): Promise<number> {
  const { values } = await context.config()
  const order = mountOrder(values, path.resolve(context.cwd, folder))
  return values.background ? runInBackground(context, order) : runInForeground(order)
}

async function runInForeground(order: MountOrder): Promise<number> {
  const logger = await openLogger(order.log)
  try {
    return await serveMount(order, logger, ({ mountpoint }) => {
      const { owner, environment, ro, server, statedir } = order.config
      logger.info('mounted', {
        mountpoint,
        owner,
        environment,
        store: server?.join(',') ?? statedir,
        ...(ro && { readOnly: true }),
      })
      logger.info(`to unmount: Ctrl-C, or cassfs umount ${mountpoint}`)
    })
  } finally {
    logger.close()
  }
}

async function runInBackground(context: CommandContext, order: MountOrder): Promise<number> {
  const logFile = order.log.file ?? ''
  await prepareStateFolder(order.config.statedir)
  const pid = await startInBackground({
    script: fileURLToPath(new URL('../background-entry.js', import.meta.url)),
    args: [order.mountpoint],
    order,
    logFile,
  })
  const mountpoint = await resolveMountpoint(order.mountpoint)
  const health = await probeMount(mountpoint, 30_000)
  if (health !== 'answers') {
    const message = `${mountpoint} was mounted (process ${pid}) and is ${health}; see ${logFile}`
    throw new FsError(Errno.EIO, message)
  }
  context.print(`${mountpoint} is mounted (process ${pid}, log ${logFile})\n`)
  return 0
}
