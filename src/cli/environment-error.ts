// An environment that is not there: which ones are near, and the command that makes it.

import { nearestNames } from '../config/nearest.js'
import type { Config } from '../config/schema.js'
import { UnknownEnvironment } from '../environments/open-environment.js'
import { Errno, FsError } from '../posix/errno.js'
import { commandFor } from './command-hint.js'

/** Does `work`; an UnknownEnvironment leaves it with what to do about it. */
export async function explainingUnknown<Result>(
  config: Config,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UnknownEnvironment) throw explained(error, config)
    throw error
  }
}

function explained(error: UnknownEnvironment, config: Config): FsError {
  const { owner, environment, known } = error
  const near = nearestNames(environment, known)
  const others = known.length > 0 && known.length <= 5 ? known : []
  const hint =
    near.length > 0
      ? `did you mean ${near.join(' or ')}? `
      : others.length > 0
        ? `there are: ${others.join(', ')}. `
        : ''
  const command = commandFor(config, ['env', 'create', environment])
  return new FsError(
    Errno.ENOENT,
    `owner "${owner}" has no environment "${environment}"; ${hint}To make it: ${command}`,
    { cause: undefined },
  )
}
