// `cassfs env delete`: an environment and all its files, for good. Asks on a terminal; a program says
// --yes.

import { createInterface } from 'node:readline/promises'
import { deleteEnvironment } from '../../environments/delete-environment.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { explainingUnknown } from '../environment-error.js'
import { withStore } from '../store-access.js'
import { UsageError } from '../usage-error.js'

export async function run(
  context: CommandContext,
  [environment = '']: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const { values } = await context.config()
  const { owner } = values
  if (!options.yes && !(await isConfirmed(owner, environment))) {
    context.warn('nothing was deleted')
    return 1
  }
  await explainingUnknown(values, () =>
    withStore(values, (store) => deleteEnvironment(store, owner, environment)),
  )
  context.print(`environment "${environment}" of owner "${owner}" is deleted\n`)
  return 0
}

async function isConfirmed(owner: string, environment: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new UsageError('env delete asks on a terminal; without one, say --yes')
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const question = `All files of environment "${environment}" of owner "${owner}" will be gone. Its name, to go on: `
    return (await terminal.question(question)) === environment
  } finally {
    terminal.close()
  }
}
