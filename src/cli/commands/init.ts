// `cassfs init`: makes or upgrades the keyspace and its tables on Cassandra, and the environment that a
// first mount without options wants. Mounts never do either.

import { openEnvironment } from '../../environments/open-environment.js'
import { commandFor } from '../command-hint.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { storeConfig, withStore } from '../store-access.js'

/** What exists without being asked for. */
const first = { owner: '1', environment: 'prod' }

export async function run(
  context: CommandContext,
  _args: readonly string[],
  options: OwnOptions,
): Promise<number> {
  const { values } = await context.config()
  const { initStore } = await import('../../store/open-store.js')
  const replication = options.replication
  const dryRun = options['dry-run'] === true
  const change = await initStore(storeConfig(values), {
    dryRun,
    ...(typeof replication === 'string' && { replication }),
  })
  for (const statement of change.statements) context.print(`${statement};\n`)
  if (change.keptReplication && replication !== undefined) {
    const kept = JSON.stringify(change.keptReplication)
    context.warn(`the keyspace was there already; its replication stays ${kept}`)
  }
  if (dryRun) return 0
  const root = { uid: context.uid, gid: process.getgid?.() ?? 0 }
  await withStore(values, (store) => openEnvironment(store, first.owner, first.environment, root))
  const state = change.statements.length > 0 ? 'is made' : 'was complete already'
  const what = values.server ? `keyspace ${values.keyspace}` : `the store in ${values.statedir}`
  context.print(`${what} ${state}; to mount: ${commandFor(values, [])} <folder>\n`)
  return 0
}
