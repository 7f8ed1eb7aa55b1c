// A volume ready for use: replica, content store, spool and vfs put together over an open store. The
// mount and the library both begin here.

import type { ContentStatus, ContentStore } from '../content/content.js'
import { createSpool } from '../content/create-spool.js'
import { openContentStore } from '../content/open-content-store.js'
import { openSpoolStorage, type SpoolStorageStatus } from '../content/spool-storage.js'
import type { Journals } from '../journal/journal.js'
import { openReplica } from '../replica/open-replica.js'
import type { Replica, ReplicaStatus } from '../replica/replica.js'
import type { ReplicaLogger, ReplicaOptions } from '../replica/replica-options.js'
import type { Store } from '../store/store.js'
import type { Copies } from '../tables/copies.js'
import { systemClock } from '../volume/clock.js'
import type { Uuid } from '../volume/record.js'
import { newUuid } from '../volume/uuid.js'
import { createVfs } from './create-vfs.js'
import type { Intent } from './intents/intent.js'
import { createRules } from './rules.js'
import type { Vfs, VfsStatus } from './vfs.js'
import type { Rescue } from './vfs-options.js'

export interface VolumeOptions {
  /** Not closed with the volume. */
  readonly store: Store
  /** The same store for blocks alone: there it does no harm to ask again. */
  readonly blocks: Pick<Store, 'putBlocks' | 'getBlocks' | 'getBlockSync'>
  readonly volume: Uuid
  /** Whose blocks, and under whose name inode numbers are leased. */
  readonly ownerId: Uuid
  readonly ownerName: string
  /** Where the volume's records are kept if its store is somewhere else; in memory if absent. */
  readonly copies?: Copies | undefined
  /** Where changes are journaled to be answered before they are committed; absent: none is. */
  readonly journals?: Journals | undefined
  /** Whether this mount asks for the write lease; else it only carries on what others left. */
  readonly writeLease?: boolean | undefined
  /** As ReplicaOptions.freeBytes. */
  readonly freeBytes?: (() => number | undefined) | undefined
  /** As VfsOptions.durableClose. */
  readonly durableClose?: boolean | undefined
  /** A local folder for unsaved bytes that are too many for memory. */
  readonly spoolDirectory: string
  /** As ReplicaOptions.takesOver. */
  readonly takesOver?: Uuid | undefined
  /** Memory for blocks. */
  readonly cacheBytesMax?: number | undefined
  readonly entryTtlMs: number
  readonly readOnly: boolean
  /** False where the kernel checks permissions. */
  readonly checkPermissions: boolean
  /** Takes what cannot be stored; absent: that is only reported. */
  readonly rescue?: Rescue | undefined
  readonly logger?: ReplicaLogger | undefined
  /** Called before following slows down: whoever caches answers must ask again. */
  readonly onIdle?: (() => void) | undefined
}

export interface VolumeStatus {
  readonly replica: ReplicaStatus
  readonly content: ContentStatus
  readonly vfs: VfsStatus
  readonly spool: SpoolStorageStatus
  readonly usedBytes: number
  readonly usedInodes: number
}

export interface OpenVolume {
  readonly vfs: Vfs
  readonly processId: Uuid
  status(): VolumeStatus
  /** Saves and commits what it can within `deadlineMs`, then lets go of everything. */
  close(deadlineMs: number): Promise<void>
}

/** Throws FsError ENOENT where there is no such volume, EIO where that cannot be told. */
export async function openVolume(options: VolumeOptions): Promise<OpenVolume> {
  const { store, volume, cacheBytesMax, logger } = options
  const processId = newUuid()
  const content = openContentStore({
    store: options.blocks,
    owner: options.ownerId,
    ...(cacheBytesMax === undefined ? {} : { cacheBytesMax }),
  })
  const spool = openSpoolStorage({ directory: options.spoolDirectory })
  // The replica asks the vfs what is open; the vfs is made over the replica.
  let vfs: Vfs | undefined
  const losses = createLossTeller()
  let replica: Replica<Intent>
  try {
    replica = await openReplica<Intent>({
      store,
      volume,
      owner: options.ownerId,
      ownerName: options.ownerName,
      rules: createRules(content),
      processId,
      entryTtlMs: options.entryTtlMs,
      pins: () => vfs?.pins() ?? [],
      isHeld: (ino) => vfs?.isUsed(ino) ?? false,
      isBusy: () => (vfs?.status().openHandles ?? 0) > 0,
      ...losses.hooks,
      ...(options.journals ? { journals: options.journals } : {}),
      writeLease: options.writeLease ?? false,
      ...(options.freeBytes ? { freeBytes: options.freeBytes } : {}),
      ...(options.takesOver ? { takesOver: options.takesOver } : {}),
      ...(options.copies ? { copies: options.copies } : {}),
      ...(logger ? { logger } : {}),
      ...(options.onIdle ? { onIdle: options.onIdle } : {}),
    })
  } catch (error) {
    content.close()
    spool.close()
    throw error
  }
  const made = createVfs({
    replica,
    content,
    openSpool: () => createSpool(spool),
    clock: systemClock,
    volume,
    checkPermissions: options.checkPermissions,
    readOnly: options.readOnly,
    pollAtOpen: options.entryTtlMs === 0,
    durableClose: options.durableClose ?? false,
    space: () => store.space(),
    ...(logger ? { logger } : {}),
    ...(options.rescue ? { rescue: options.rescue } : {}),
  })
  vfs = made
  losses.begin(made)
  return {
    vfs: made,
    processId,
    status: () => ({
      replica: replica.status(),
      content: content.status(),
      vfs: made.status(),
      spool: spool.status(),
      usedBytes: replica.head.usedBytes,
      usedInodes: replica.head.usedInodes,
    }),
    async close(deadlineMs) {
      const settled = () => options.rescue?.settled()
      await closeAll({ vfs: made, replica, content, spool, settled }, deadlineMs)
    },
  }
}

type LossHooks = Required<Pick<ReplicaOptions<Intent>, 'onLost' | 'onLosing' | 'onSpared'>>

/** What another process left may turn out lost before there is anybody to be told: that waits for `begin`. */
function createLossTeller(): { readonly hooks: LossHooks; begin(vfs: Vfs): void } {
  let vfs: Vfs | undefined
  const untold: ((vfs: Vfs) => void)[] = []
  const toVfs = (tell: (vfs: Vfs) => void) => {
    if (vfs) tell(vfs)
    else untold.push(tell)
  }
  const hooks: LossHooks = {
    onLost: (intent, error, id) => toVfs((made) => made.lost(intent, error, id)),
    onLosing(changes) {
      const keep = (made: Vfs) => {
        for (const { intent, error, id } of changes) made.losing(intent, error, id)
      }
      if (!vfs) return new Promise<void>((kept) => toVfs((made) => kept(keep(made))))
      keep(vfs)
      return undefined
    },
    onSpared: ({ intent, id }) => toVfs((made) => made.spared(intent, id)),
  }
  const begin = (made: Vfs) => {
    vfs = made
    for (const tell of untold.splice(0)) tell(made)
  }
  return { hooks, begin }
}

interface OpenParts {
  readonly vfs: Vfs
  readonly replica: Replica<Intent>
  readonly content: ContentStore
  readonly spool: { close(): void }
  /** Of the rescue: it reads content. */
  readonly settled: () => Promise<void> | undefined
}

/** In the order of who needs whom; whatever fails, the rest is closed too. */
async function closeAll(
  { vfs, replica, content, spool, settled }: OpenParts,
  deadlineMs: number,
): Promise<void> {
  try {
    await vfs.close()
  } finally {
    try {
      await replica.close(deadlineMs)
    } finally {
      await settled()
      content.close()
      spool.close()
    }
  }
}
