// A volume for commands that change it or copy all of it without a mount: opened with everything that a
// mount has on this machine, so that changes are answered from the journal and committed behind.

import type { Config } from '../../config/schema.js'
import type { OpenLogger } from '../../observe/logger.js'
import type { Vfs } from '../../vfs/vfs.js'
import { explainingUnknown } from '../environment-error.js'
import { volumePlan } from '../mount-order.js'
import { prepareStateFolder } from '../state-folder.js'

const closeDeadlineMs = 15_000
/** What is copied is read once. */
const cacheBytesMax = 32 << 20

export interface VolumeUse {
  /** An absent environment is made where a mount would make it. */
  readonly making: boolean
  /** Nothing in it will be changed. */
  readonly readOnly: boolean
}

/**
 * Opens the configuration's environment, works, and closes it when everything is stored, whatever happens;
 * what cannot be stored is an error.
 */
export async function withPlannedVolume<Result>(
  config: Config,
  use: VolumeUse,
  work: (vfs: Vfs) => Promise<Result>,
): Promise<Result> {
  const [{ openPlannedVolume }, { openStore }, { checkClock }, { openLogger }] = await Promise.all([
    import('../../mount/open-planned-volume.js'),
    import('../../store/open-store.js'),
    import('../../store/check-clock.js'),
    import('../../observe/logger.js'),
  ])
  await prepareStateFolder(config.statedir)
  const plan = volumePlan(config, use.making)
  const logger: OpenLogger = await openLogger({
    level: config.debug ? 'debug' : 'warn',
    format: config.log_format,
    color: process.stderr.isTTY && !process.env.NO_COLOR,
  })
  const store = await openStore(plan.store)
  try {
    if (!plan.readOnly && !use.readOnly) await checkClock(store)
    const asked = {
      ...plan,
      writeLease: plan.writeLease && !use.readOnly,
      cacheBytesMax: Math.min(plan.cacheBytesMax, cacheBytesMax),
    }
    const { open } = await explainingUnknown(config, () => openPlannedVolume(asked, store, logger))
    try {
      const result = await work(open.vfs)
      if (!plan.readOnly && !use.readOnly) await open.vfs.settle()
      return result
    } finally {
      await open.close(closeDeadlineMs)
    }
  } finally {
    await store.close()
    logger.close()
  }
}
