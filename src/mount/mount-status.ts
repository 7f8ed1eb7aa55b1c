// A running mount's status, put together from what its parts tell: plain values for `cassfs status`.

import type { DeviceCounts } from '../fuse/device.js'
import type { NotifyCounts } from '../fuse/notify.js'
import type {
  Counts,
  LeaseStatus,
  MountStatus,
  RescueStatus,
  StoreStatus,
} from '../observe/status.js'
import type { VolumeStatus } from '../vfs/open-volume.js'

export interface StatusParts {
  readonly mountpoint: string
  readonly plan: {
    readonly owner: string
    readonly environment: string
    readonly readOnly: boolean
  }
  readonly engine: string
  readonly volume: VolumeStatus
  readonly rescue: RescueStatus
  /** Out of the tree, and served on for who holds files. */
  readonly isDetached: boolean
  readonly requests: DeviceCounts
  /** Requests by operation. */
  readonly operations: Counts
  readonly notifications: NotifyCounts
  /** Calls of the store by method. */
  readonly store: Counts
}

export function mountStatus(parts: StatusParts): MountStatus {
  const { replica, content, vfs, spool, usedBytes, usedInodes } = parts.volume
  return {
    mountpoint: parts.mountpoint,
    owner: parts.plan.owner,
    environment: parts.plan.environment,
    engine: parts.engine,
    readOnly: parts.plan.readOnly,
    ...(parts.isDetached ? { detached: true } : {}),
    store: storeStatus(parts.volume),
    seq: replica.seq,
    ...(replica.loading ? { loadedRecords: replica.loading.records } : {}),
    pendingChanges: replica.queued,
    writeLease: leaseStatus(parts.volume),
    ...(parts.rescue.entries > 0 ? { rescue: parts.rescue } : {}),
    usedBytes,
    usedInodes,
    counts: {
      operations: parts.operations,
      requests: numbers(parts.requests),
      notifications: {
        sent: parts.notifications.sent,
        failed: [...parts.notifications.failed.values()].reduce((sum, count) => sum + count, 0),
      },
      files: numbers(vfs),
      spool: numbers(spool),
      content: numbers(content),
      replica: numbers(replica),
      early: numbers(replica.early),
      store: parts.store,
    },
  }
}

function storeStatus({ replica }: VolumeStatus): StoreStatus {
  if (replica.state !== 'offline') return { state: 'answering' }
  const since = new Date(Date.now() - replica.contactAgeMs).toISOString()
  return { state: 'silent', since }
}

function leaseStatus({ replica }: VolumeStatus): LeaseStatus {
  const { lease, holder, journalBytes, uncommitted, uncommittedBytes, oldestMs, lost } =
    replica.early
  return {
    state: lease,
    ...(holder ? { holder } : {}),
    journalBytes,
    uncommittedChanges: uncommitted,
    uncommittedBytes,
    oldestUncommittedMs: Math.round(oldestMs),
    lostChanges: lost,
  }
}

/** The fields of a status that are numbers. */
function numbers(status: object): Counts {
  const entries = Object.entries(status).filter((entry) => typeof entry[1] === 'number')
  return Object.fromEntries(entries)
}
