// Where the value of each metric comes from.

import type { processMetrics, statusMetrics } from './metric-names.js'
import type { ProcessFigures } from './process-figures.js'
import type { Counts, LeaseStatus, MountStatus } from './status.js'

/** One value of a metric that has several, told apart by labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Undefined: it cannot be told, and no sample is given; true is 1. */
export type Reading = number | boolean | undefined | readonly Sample[]

const leaseStates: readonly LeaseStatus['state'][] = ['none', 'held', 'recalled', 'foreign']

export const statusReadings: Readonly<
  Record<keyof typeof statusMetrics, (status: MountStatus) => Reading>
> = {
  cassfs_mount_info: ({ engine, readOnly }) => [
    { labels: { engine, read_only: String(readOnly) }, value: 1 },
  ],
  cassfs_mount_detached: (status) => status.detached ?? false,
  cassfs_requests_total: (status) => byName('operation', status.counts?.operations),
  cassfs_device_wakeups_total: count('requests', 'wakeUps'),
  cassfs_spins_total: count('requests', 'spins'),
  cassfs_spin_hits_total: count('requests', 'spinHits'),
  cassfs_spin_wasted_seconds_total: (status) => seconds(status.counts?.requests?.spinWastedMs),
  cassfs_notifications_total: count('notifications', 'sent'),
  cassfs_notification_failures_total: count('notifications', 'failed'),

  cassfs_store_answering: (status) => status.store && status.store.state === 'answering',
  cassfs_store_silent_since_timestamp_seconds: ({ store }) =>
    store?.since === undefined ? undefined : Date.parse(store.since) / 1000,
  cassfs_store_contact_age_seconds: (status) => seconds(status.counts?.replica?.contactAgeMs),
  cassfs_store_calls_total: (status) => storeCalls(status.counts?.store),
  cassfs_store_call_duration_seconds_total: (status) => storeSeconds(status.counts?.store),

  cassfs_volume_seq: (status) => status.seq,
  cassfs_volume_used_bytes: (status) => status.usedBytes,
  cassfs_volume_used_inodes: (status) => status.usedInodes,
  cassfs_volume_loaded_records: (status) => status.loadedRecords,
  cassfs_changes_pending: (status) => status.pendingChanges,
  cassfs_changes_committed_total: count('replica', 'changes'),
  cassfs_commits_total: count('replica', 'commits'),
  cassfs_commit_conflicts_total: count('replica', 'conflicts'),
  cassfs_commit_unknown_outcomes_total: count('replica', 'unknownOutcomes'),
  cassfs_commit_voids_total: count('replica', 'voids'),
  cassfs_replica_reloads_total: count('replica', 'reloads'),
  cassfs_replica_polls_total: count('replica', 'polls'),

  cassfs_write_lease_state: ({ writeLease }) =>
    writeLease && oneOf('state', leaseStates, writeLease.state),
  cassfs_write_lease_grants_total: count('early', 'grants'),
  cassfs_write_lease_recalls_total: count('early', 'recalls'),
  cassfs_write_lease_releases_total: count('early', 'releases'),
  cassfs_write_lease_takes_total: count('early', 'takes'),
  cassfs_journal_bytes: (status) => status.writeLease?.journalBytes,
  cassfs_uncommitted_changes: (status) => status.writeLease?.uncommittedChanges,
  cassfs_uncommitted_bytes: (status) => status.writeLease?.uncommittedBytes,
  cassfs_oldest_uncommitted_age_seconds: (status) =>
    seconds(status.writeLease?.oldestUncommittedMs),
  cassfs_changes_answered_early_total: count('early', 'answered'),
  cassfs_lost_changes_total: (status) => status.writeLease?.lostChanges,
  cassfs_rescue_entries: (status) => status.rescue?.entries ?? 0,
  cassfs_rescue_bytes: (status) => status.rescue?.bytes ?? 0,

  cassfs_open_handles: count('files', 'openHandles'),
  cassfs_remembered_inodes: count('files', 'inodesRemembered'),
  cassfs_orphans: count('files', 'orphans'),
  cassfs_cached_listings: count('files', 'listingsCached'),
  cassfs_unsaved_bytes: count('files', 'spoolBytes'),
  cassfs_spool_bytes: ({ counts: { spool = {} } = {} }) =>
    byName('place', { memory: spool.memoryBytes ?? 0, disk: spool.diskBytes ?? 0 }),
  cassfs_saves_waiting: count('files', 'savesWaiting'),
  cassfs_save_errors_total: count('files', 'saveErrors'),
  cassfs_cache_bytes: count('content', 'cacheBytes'),
  cassfs_cache_limit_bytes: count('content', 'cacheBytesMax'),
  cassfs_cache_hits_total: count('content', 'hits'),
  cassfs_cache_misses_total: count('content', 'misses'),
  cassfs_blocks_read_total: count('content', 'blocksRead'),
  cassfs_blocks_written_total: count('content', 'blocksWritten'),
  cassfs_block_written_bytes_total: count('content', 'bytesWritten'),
  cassfs_block_stored_bytes_total: count('content', 'bytesStored'),
  cassfs_corrupt_blocks_total: count('content', 'corrupt'),
}

export const processReadings: Readonly<
  Record<keyof typeof processMetrics, (figures: ProcessFigures) => Reading>
> = {
  process_cpu_seconds_total: (figures) => figures.cpuSeconds,
  process_start_time_seconds: (figures) => figures.startSeconds,
  process_resident_memory_bytes: ({ memory }) =>
    memory && memory.anon + memory.shared + memory.file,
  process_open_fds: (figures) => figures.openFiles,
  cassfs_process_memory_bytes: ({ memory }) => memory && byName('kind', { ...memory }),
  cassfs_event_loop_busy_seconds_total: (figures) => figures.busySeconds,
  cassfs_event_loop_lag_max_seconds: (figures) => figures.lagSecondsMax,
}

/** Reads one of the named counts of a status. */
function count(group: string, name: string): (status: MountStatus) => number | undefined {
  return (status) => status.counts?.[group]?.[name]
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000
}

/** A sample for each state, of which one is 1. */
function oneOf(label: string, states: readonly string[], state: string): readonly Sample[] {
  return states.map((each) => ({ labels: { [label]: each }, value: each === state ? 1 : 0 }))
}

/** A sample for each name of a group of counts. */
function byName(label: string, counts: Counts = {}): readonly Sample[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }))
}

/**
 * Calls of the store as store-counts.ts of the mount names them: `<method>` in all, `<method>_<end>` of
 * those that did not end with `ok`.
 */
function storeCalls(counts: Counts = {}): readonly Sample[] {
  const methods = Object.keys(counts).filter((name) => !name.includes('_'))
  return methods.flatMap((method) => {
    const ends = Object.entries(counts).filter(
      ([name]) => name.startsWith(`${method}_`) && name !== `${method}_ms`,
    )
    const others = ends.reduce((sum, [, value]) => sum + value, 0)
    const all: [string, number][] = [['ok', (counts[method] ?? 0) - others]]
    for (const [name, value] of ends) all.push([name.slice(method.length + 1), value])
    return all.map(([result, value]) => ({ labels: { method, result }, value }))
  })
}

/** How long calls of the store took, `<method>_ms` in all. */
function storeSeconds(counts: Counts = {}): readonly Sample[] {
  return Object.entries(counts)
    .filter(([name]) => name.endsWith('_ms'))
    .map(([name, ms]) => ({ labels: { method: name.slice(0, -'_ms'.length) }, value: ms / 1000 }))
}
