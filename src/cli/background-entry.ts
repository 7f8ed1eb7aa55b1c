// The process of a mount in the background: takes its order from the command that started it, tells it
// when the mount answers or why it does not, and serves.

import { receiveOrder, reportFailure, reportReady } from '../mount/background.js'
import { openLogger } from '../observe/logger.js'
import type { MountOrder } from './mount-order.js'
import { describeError, exitStatusOf } from './report-error.js'
import { serveMount } from './serve-mount.js'

const received = (await receiveOrder()) as MountOrder
// The folder that the command was started in must not be kept busy.
process.chdir('/')
process.exitCode = await serve(received)
process.exit()

async function serve(order: MountOrder): Promise<number> {
  const logger = await openLogger(order.log)
  try {
    return await serveMount(order, logger, async () => {
      logger.info('mounted', { mountpoint: order.mountpoint })
      await reportReady()
    })
  } catch (error) {
    logger.error('the mount failed', { error })
    await reportFailure(
      describeError(error, order.log.level === 'debug').join('\n'),
      exitStatusOf(error),
    )
    return exitStatusOf(error)
  } finally {
    logger.close()
  }
}
