// What the rescue commands work on: everything that is kept below a state folder, or what of it belongs to an
// owner, an environment or a mount.

import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { LoadedConfig } from '../config/load-config.js'
import { resolveMountpoint } from '../mount/mount-table.js'
import { Errno, FsError } from '../posix/errno.js'
import {
  type JournalAside,
  journaledVolumes,
  journalFolder,
  listJournalsAside,
} from '../rescue/journals-aside.js'
import { rescueRoot } from '../rescue/rescue.js'
import type { RescueEntry } from '../rescue/rescue-entry.js'
import { failingAs, listRescued } from '../rescue/rescue-files.js'
import type { CommandContext } from './command-spec.js'
import { seeMounts } from './mount-client.js'

interface Place {
  readonly id: string
  readonly volume: string
  /** On disk. */
  readonly bytes: number
}

/** One thing that is kept. */
export type Kept =
  | (Place & { readonly kind: 'entry'; readonly directory: string; readonly entry: RescueEntry })
  | (Place & { readonly kind: 'unreadable'; readonly directory: string; readonly problem: string })
  | (Place & { readonly kind: 'journal'; readonly journal: JournalAside })

export interface Selection {
  readonly stateDir: string
  /** Absent: any. */
  readonly owner?: string
  readonly environment?: string
  readonly volume?: string
}

/** Of the mount on `folder`, or else what the configuration names; a default names nothing. */
export async function selectRescued(
  context: CommandContext,
  folder: string | undefined,
): Promise<Selection> {
  const config = await context.config()
  if (folder !== undefined) return ofMount(context, config, folder)
  const { statedir, owner, environment } = config.values
  const isNamed = (key: 'owner' | 'environment') => config.origins[key].kind !== 'default'
  return {
    stateDir: statedir,
    ...(isNamed('owner') && { owner }),
    ...(isNamed('environment') && { environment }),
  }
}

async function ofMount(
  context: CommandContext,
  { values }: LoadedConfig,
  folder: string,
): Promise<Selection> {
  const mountpoint = await resolveMountpoint(folder)
  const mount = (await seeMounts(context)).find((each) => each.mountpoint === mountpoint)
  if (!mount?.record)
    throw new FsError(Errno.EINVAL, `no CassFS is mounted on ${mountpoint}; all: cassfs status`)
  const { owner, environment } = mount.record
  const kept = mount.status?.rescue?.folder
  if (kept === undefined) return { stateDir: values.statedir, owner, environment }
  // <statedir>/rescue/<volume>
  return { stateDir: path.dirname(path.dirname(kept)), volume: path.basename(kept) }
}

/** Everything selected, oldest first. Throws FsError. */
export function findKept(selection: Selection): Kept[] {
  const { stateDir, owner, environment, volume } = selection
  const isOwn = ({ entry }: { entry: RescueEntry }) =>
    (owner === undefined || entry.owner === owner) &&
    (environment === undefined || entry.environment === environment)
  const all = rescueVolumes(stateDir).flatMap((each) => keptOf(stateDir, each))
  const named = all.filter((kept) => kept.kind !== 'entry' || isOwn(kept))
  // Whose the others are is known only by what lies beside them.
  const isAny = owner === undefined && environment === undefined
  const volumes = new Set(named.flatMap((kept) => (kept.kind === 'entry' ? kept.volume : [])))
  return named.filter(
    (kept) =>
      (volume === undefined || kept.volume === volume) && (isAny || volumes.has(kept.volume)),
  )
}

/** The folders of all volumes that something is kept of. Throws FsError. */
export function rescueVolumes(stateDir: string): string[] {
  const root = rescueRoot(stateDir)
  const names = failingAs(`${root} cannot be read`, () => foldersIn(root))
  return [...new Set([...names, ...journaledVolumes(stateDir)])].sort()
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.flatMap((each) => (each.isDirectory() ? [each.name] : []))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function keptOf(stateDir: string, volume: string): Kept[] {
  const directory = path.join(rescueRoot(stateDir), volume)
  const entries = listRescued(directory).map((one): Kept => {
    const { id, bytes } = one
    if (one.entry) return { kind: 'entry', id, volume, bytes, directory, entry: one.entry }
    return { kind: 'unreadable', id, volume, bytes, directory, problem: one.problem }
  })
  const journals = listJournalsAside(journalFolder(stateDir, volume)).map(
    (journal): Kept => ({ kind: 'journal', id: journal.id, volume, bytes: journal.bytes, journal }),
  )
  return [...entries, ...journals]
}

/** Those of the ids, in their order. Throws FsError ENOENT naming the first that is not there. */
export function pickKept(all: readonly Kept[], ids: readonly string[]): Kept[] {
  return [...new Set(ids)].map((id) => {
    const kept = all.find((each) => each.id === id)
    if (kept) return kept
    throw new FsError(Errno.ENOENT, `nothing is kept as ${id}; all: cassfs rescue list`)
  })
}
