// `cassfs env create`: an empty environment, its root directory owned by who makes it.

import { createEnvironment } from '../../environments/create-environment.js'
import { commandFor } from '../command-hint.js'
import type { CommandContext } from '../command-spec.js'
import { withStore } from '../store-access.js'

export async function run(
  context: CommandContext,
  [environment = '']: readonly string[],
): Promise<number> {
  const { values } = await context.config()
  const root = { uid: values.uid ?? context.uid, gid: values.gid ?? process.getgid?.() ?? 0 }
  await withStore(values, (store) => createEnvironment(store, values.owner, environment, root))
  const command = commandFor(values, [`-environment=${environment}`])
  context.print(
    `environment "${environment}" of owner "${values.owner}" is made; to mount it: ${command} <folder>\n`,
  )
  return 0
}
