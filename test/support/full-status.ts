/**
 * A mount's status in which everything is there, put together as a mount does it: a field that is added
 * to any part of it is missing here until it is added too. Every number is another one.
 */
import { mountStatus, type StatusParts } from '../../src/mount/mount-status.js'
import { createStoreCounts } from '../../src/mount/store-counts.js'
import type { MountStatus } from '../../src/observe/status.js'
import type { Uuid } from '../../src/volume/record.js'

export function fullStatus(): Required<MountStatus> {
  let last = 1000
  const next = () => ++last
  const store = createStoreCounts()
  store.meter.called('getBlocks', 'ok', next())
  store.meter.called('getBlocks', 'unavailable', next())
  store.meter.called('commit', 'applied', next())
  const { volume, ...parts } = partsOf(next)
  const status = mountStatus({ ...parts, volume, store: store.snapshot() })
  const silent = { state: 'silent', since: '2026-01-02T03:04:05.000Z', lastError: 'gone' } as const
  return { ...(status as Required<MountStatus>), store: silent }
}

function partsOf(next: () => number): Omit<StatusParts, 'store'> {
  return {
    mountpoint: '/srv/a "site"\\with\nodd characters',
    plan: { owner: 'shop', environment: 'staging', readOnly: false },
    engine: 'cassandra',
    volume: volumeOf(next),
    rescue: { folder: '/state/rescue', entries: next(), bytes: next() },
    isDetached: true,
    requests: {
      requests: next(),
      wakeUps: next(),
      spins: next(),
      spinHits: next(),
      spinWastedMs: next(),
    },
    operations: { lookup: next(), write: next() },
    notifications: { sent: next(), failed: new Map([[2, next()]]) },
  }
}

function volumeOf(next: () => number): StatusParts['volume'] {
  return {
    replica: replicaOf(next),
    content: {
      cacheBytes: next(),
      cacheBytesMax: next(),
      hits: next(),
      misses: next(),
      corrupt: next(),
      blocksRead: next(),
      blocksWritten: next(),
      bytesWritten: next(),
      bytesStored: next(),
    },
    vfs: {
      inodesRemembered: next(),
      openHandles: next(),
      orphans: next(),
      spoolBytes: next(),
      savesWaiting: next(),
      saveErrors: next(),
      listingsCached: next(),
    },
    spool: { memoryBytes: next(), diskBytes: next() },
    usedBytes: next(),
    usedInodes: next(),
  }
}

function replicaOf(next: () => number): StatusParts['volume']['replica'] {
  return {
    state: 'offline',
    seq: next(),
    inodes: next(),
    queued: next(),
    inFlight: true,
    commits: next(),
    changes: next(),
    conflicts: next(),
    unknownOutcomes: next(),
    voids: next(),
    reloads: next(),
    polls: next(),
    early: {
      lease: 'held',
      holder: '11111111-2222-4333-8444-555555555555' as Uuid,
      journalBytes: next(),
      answered: next(),
      uncommitted: next(),
      uncommittedBytes: next(),
      oldestMs: next(),
      lost: next(),
      grants: next(),
      recalls: next(),
      releases: next(),
      takes: next(),
    },
    loading: { records: next() },
    contactAgeMs: next(),
  }
}
