// From a plan (plain values, already checked) to an open volume with all its state on this machine: copies,
// journal, spool, rescue. The mount begins here, and commands that change a volume without a mount.

import type { Logger } from '../observe/logger.js'
import { type MountRescue, openRescue } from '../rescue/rescue.js'
import { createFreeBytes } from '../state/free-bytes.js'
import { openCopies, openJournals, spoolFolder } from '../state/volume-folders.js'
import type { StoreConfig } from '../store/open-store.js'
import type { Store } from '../store/store.js'
import { blockRetries, withRetry } from '../store/with-retry.js'
import { type OpenVolume, openVolume } from '../vfs/open-volume.js'
import type { Uuid } from '../volume/record.js'

export interface VolumePlan {
  readonly owner: string
  readonly environment: string
  /** Which volume of the store owner and environment mean; asked once. */
  readonly identify: (store: Store) => Promise<{ readonly volume: Uuid; readonly ownerId: Uuid }>
  readonly readOnly: boolean
  readonly store: StoreConfig
  /** An existing folder: below it the spool, and copies of volumes that are kept elsewhere. */
  readonly stateDir: string
  /** How old other mounts' changes may be; 0: every open asks. */
  readonly entryTtlMs: number
  /** Changes may be answered before they are committed. */
  readonly writeLease: boolean
  /** A close waits for the store even so. */
  readonly durableClose: boolean
  readonly cacheBytesMax: number
  /** How much is kept of what cannot be stored. */
  readonly rescueBytesMax: number
}

/** Opens it over `store`, which is not closed with it. Throws FsError. */
export async function openPlannedVolume(
  plan: VolumePlan,
  store: Store,
  logger: Logger,
  onIdle?: () => void,
): Promise<{ open: OpenVolume; rescue: MountRescue }> {
  const { volume, ownerId } = await plan.identify(store)
  const { stateDir, owner, environment, rescueBytesMax: bytesMax } = plan
  const rescue = openRescue({ stateDir, volume, owner, environment, bytesMax, logger })
  const open = await openVolume({
    store,
    blocks: withRetry(store, blockRetries),
    volume,
    ownerId,
    ownerName: plan.owner,
    ...(store.tables ? {} : { copies: openCopies(stateDir, volume, logger) }),
    // What another mount left is carried on whatever this one does itself.
    ...(plan.readOnly ? {} : { journals: openJournals(stateDir, volume, logger) }),
    // Who asks the store at every open must not be answered from a journal either.
    writeLease: plan.writeLease && plan.entryTtlMs > 0,
    durableClose: plan.durableClose,
    freeBytes: createFreeBytes(
      plan.store.engine === 'lmdb' ? [plan.stateDir, plan.store.directory] : [plan.stateDir],
    ),
    spoolDirectory: spoolFolder(plan.stateDir),
    cacheBytesMax: plan.cacheBytesMax,
    entryTtlMs: plan.entryTtlMs,
    readOnly: plan.readOnly,
    checkPermissions: false,
    rescue,
    logger,
    ...(onIdle ? { onIdle } : {}),
  })
  return { open, rescue }
}
