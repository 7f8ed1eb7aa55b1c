// A look into a volume without a mount, over the library. Paths and names are bytes here.

import type { Config } from '../config/schema.js'
import type { Volume } from '../index.js'
import { VolumeError } from '../library/errors.js'
import { FsError } from '../posix/errno.js'
import { explainingUnknown } from './environment-error.js'
import { storeConfig } from './store-access.js'
import { showName } from './ui/names.js'

/** Opens the configuration's environment, works, closes it whatever happens. */
export async function withVolume<Result>(
  config: Config,
  work: (volume: Volume) => Promise<Result>,
): Promise<Result> {
  const { openVolume } = await import('../index.js')
  const { owner, environment } = config
  const volume = await explainingUnknown(config, () =>
    openVolume({ store: storeConfig(config), owner, environment, readOnly: true }),
  )
  try {
    return await work(volume)
  } finally {
    await volume.close()
  }
}

/** Does `work` on a path; what fails is told with the path, and what it cannot be. */
export async function onPath<Result>(
  path: Buffer,
  work: () => Promise<Result>,
  verb = 'read',
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const what = `${showName(path)} cannot be ${verb}`
    if (error instanceof VolumeError) {
      const { errno, reason, cause } = error
      throw new FsError(-errno, `${what}: ${reason}`, { cause })
    }
    if (error instanceof FsError) throw new FsError(error.errno, what, { cause: error })
    throw error
  }
}
