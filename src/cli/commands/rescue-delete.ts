// `cassfs rescue delete`: what was kept is not needed any more.

import path from 'node:path'
import { deleteJournalAside } from '../../rescue/journals-aside.js'
import { rescueRoot } from '../../rescue/rescue.js'
import { deleteLeftovers, deleteRescued } from '../../rescue/rescue-files.js'
import type { CommandContext, OwnOptions } from '../command-spec.js'
import { findKept, type Kept, pickKept, rescueVolumes, selectRescued } from '../rescue-selection.js'
import { UsageError } from '../usage-error.js'

/** A file that nobody has touched for so long is not being written any more. */
const leftoverAgeMs = 3_600_000

export async function run(
  context: CommandContext,
  ids: readonly string[],
  options: OwnOptions,
): Promise<number> {
  if (ids.length > 0 === (options.all === true))
    throw new UsageError('rescue delete takes ids, or --all; see: cassfs rescue list')
  const selection = await selectRescued(context, undefined)
  const all = findKept(selection)
  const kept = options.all ? all : pickKept(all, ids)
  for (const each of kept) deleteKept(each)
  if (options.all && selection.owner === undefined && selection.environment === undefined)
    for (const volume of rescueVolumes(selection.stateDir))
      deleteLeftovers(path.join(rescueRoot(selection.stateDir), volume), leftoverAgeMs)
  context.print(`${kept.length} deleted\n`)
  return 0
}

/** Throws FsError. */
export function deleteKept(kept: Kept): void {
  if (kept.kind === 'journal') deleteJournalAside(kept.journal)
  else deleteRescued(kept.directory, kept.id)
}
