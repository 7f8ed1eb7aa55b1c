// `cassfs env list`: the environments of an owner.

import { listEnvironments } from '../../environments/list-environments.js'
import { commandFor } from '../command-hint.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { withStore } from '../store-access.js'
import { formatBytes, formatTime } from '../ui/format.js'
import { renderTable } from '../ui/table.js'

export async function run(
  context: CommandContext,
  _args: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const { values } = await context.config()
  const { owner } = values
  const found = await withStore(values, (store) => listEnvironments(store, owner))
  if (options.json) {
    const shown = found.map(({ createdMs, ...rest }) => ({
      owner,
      ...rest,
      created: new Date(createdMs).toISOString(),
    }))
    context.print(`${JSON.stringify(shown, null, 2)}\n`)
  } else if (found.length === 0) {
    const command = commandFor(values, ['env', 'create', 'prod'])
    context.print(`owner "${owner}" has no environment; to make one: ${command}\n`)
  } else {
    const rows = found.map((each) => [
      each.environment,
      each.state,
      each.usedBytes === undefined ? '-' : formatBytes(each.usedBytes),
      each.usedInodes === undefined ? '-' : String(each.usedInodes),
      String(each.sessions),
      formatTime(new Date(each.createdMs)),
    ])
    context.print(renderTable(['ENVIRONMENT', 'STATE', 'USED', 'FILES', 'MOUNTS', 'CREATED'], rows))
  }
  return 0
}
