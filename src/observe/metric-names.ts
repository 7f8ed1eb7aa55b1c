// Every metric of a mount: name, type, help, labels. As Prometheus wishes a name ends in its unit, a base unit
// (seconds, bytes), and that of a counter in `_total`. metric-readings.ts says where each value comes from;
// docs/METRICS.md is generated from here.

export interface MetricFacts {
  readonly type: 'counter' | 'gauge'
  /** One sentence that stands alone. */
  readonly help: string
  /** Besides those that all have. */
  readonly labels: readonly string[]
}

/** The labels that every metric has: which mount it is of. */
export const commonLabels = ['mountpoint', 'owner', 'environment'] as const

const mount = {
  cassfs_mount_info: gauge(
    'Always 1; its labels tell the engine of the store, and whether the mount is read-only.',
    ['engine', 'read_only'],
  ),
  cassfs_mount_detached: gauge(
    'Whether the mount is out of the tree and serves on what is still open (1), or not (0).',
  ),
  cassfs_requests_total: counter('Requests of the kernel, by operation.', ['operation']),
  cassfs_device_wakeups_total: counter('Times that requests woke the event loop.'),
  cassfs_spins_total: counter('Times that the next request was looked for before sleeping.'),
  cassfs_spin_hits_total: counter('Times that looking for the next request caught one.'),
  cassfs_spin_wasted_seconds_total: counter('Time spent on looking for the next request in vain.'),
  cassfs_notifications_total: counter('Notifications to the kernel of what other mounts changed.'),
  cassfs_notification_failures_total: counter(
    'Notifications that the kernel did not take; usual for what it does not know.',
  ),
}

const store = {
  cassfs_store_answering: gauge('Whether the store answers (1) or is known not to (0).'),
  cassfs_store_silent_since_timestamp_seconds: gauge(
    'When the store was last heard of, while it does not answer; else without a sample.',
  ),
  cassfs_store_contact_age_seconds: gauge('Time since the store last answered.'),
  cassfs_store_calls_total: counter(
    'Calls of the store that have ended, by method and by how they ended.',
    ['method', 'result'],
  ),
  cassfs_store_call_duration_seconds_total: counter(
    'How long calls of the store took in all, by method.',
    ['method'],
  ),
}

const volume = {
  cassfs_volume_seq: gauge('Sequence number of the volume that this mount has seen.'),
  cassfs_volume_used_bytes: gauge('Size of all files of the volume.'),
  cassfs_volume_used_inodes: gauge('Files of the volume.'),
  cassfs_volume_loaded_records: gauge(
    'Names that have come, while a large volume is being loaded; else without a sample.',
  ),
  cassfs_changes_pending: gauge('Changes that are checked and not yet committed.'),
  cassfs_changes_committed_total: counter('Changes committed.'),
  cassfs_commits_total: counter('Commits, each of one or more changes.'),
  cassfs_commit_conflicts_total: counter('Commits that another mount was quicker with.'),
  cassfs_commit_unknown_outcomes_total: counter('Commits whose outcome was not known at first.'),
  cassfs_commit_voids_total: counter('Commits of unknown outcome that were made impossible.'),
  cassfs_replica_reloads_total: counter('Times that the volume was loaded anew.'),
  cassfs_replica_polls_total: counter(
    'Times that the store was asked for changes of other mounts.',
  ),
}

const lease = {
  cassfs_write_lease_state: gauge(
    "State of the volume's write lease: 1 for the one it is in, 0 for the others.",
    ['state'],
  ),
  cassfs_write_lease_grants_total: counter('Times that this mount got the write lease.'),
  cassfs_write_lease_recalls_total: counter(
    'Times that another mount asked this one for the write lease.',
  ),
  cassfs_write_lease_releases_total: counter('Times that this mount gave the write lease back.'),
  cassfs_write_lease_takes_total: counter(
    'Times that the write lease was taken from a mount that did not answer.',
  ),
  cassfs_journal_bytes: gauge('Size of the local journal.'),
  cassfs_uncommitted_changes: gauge('Changes that are answered and not yet committed.'),
  cassfs_uncommitted_bytes: gauge('Bytes of files that are answered and not yet committed.'),
  cassfs_oldest_uncommitted_age_seconds: gauge(
    'Age of the oldest change that is answered and not yet committed; 0: there is none.',
  ),
  cassfs_changes_answered_early_total: counter(
    'Changes that were answered before they were committed.',
  ),
  cassfs_lost_changes_total: counter(
    'Changes that were answered, and lost to those of another mount.',
  ),
  cassfs_rescue_entries: gauge('What could not be stored and is kept for "cassfs rescue".'),
  cassfs_rescue_bytes: gauge('Room on disk of what is kept for "cassfs rescue".'),
}

const files = {
  cassfs_open_handles: gauge('Open handles of files and folders.'),
  cassfs_remembered_inodes: gauge('Files that the kernel knows.'),
  cassfs_orphans: gauge('Files without a name that are still open, remembered, or being saved.'),
  cassfs_cached_listings: gauge('Listings of folders kept.'),
  cassfs_unsaved_bytes: gauge('Bytes written to files and not yet saved.'),
  cassfs_spool_bytes: gauge('Room that unsaved bytes take, in memory and on disk.', ['place']),
  cassfs_saves_waiting: gauge('Saves of files that wait.'),
  cassfs_save_errors_total: counter(
    'Saves that failed, each of which was reported to the program.',
  ),
  cassfs_cache_bytes: gauge('Content of files kept in memory.'),
  cassfs_cache_limit_bytes: gauge('The most content of files that may be kept in memory.'),
  cassfs_cache_hits_total: counter('Blocks found in memory.'),
  cassfs_cache_misses_total: counter('Blocks not found in memory.'),
  cassfs_blocks_read_total: counter('Blocks read from the store.'),
  cassfs_blocks_written_total: counter('Blocks written to the store.'),
  cassfs_block_written_bytes_total: counter('Plain bytes of the blocks written.'),
  cassfs_block_stored_bytes_total: counter(
    'Bytes of the blocks written as they were sent, after compression.',
  ),
  cassfs_corrupt_blocks_total: counter("Blocks that came with bytes that are not their name's."),
}

const program = {
  process_cpu_seconds_total: counter('Time that the process of the mount has used processors for.'),
  process_start_time_seconds: gauge('When the process of the mount was started, since 1970.'),
  process_resident_memory_bytes: gauge('Memory of the process, with the files that it maps.'),
  process_open_fds: gauge('Open file descriptors of the process.'),
  cassfs_process_memory_bytes: gauge(
    'Resident memory by kind: its own (anon), shared, of mapped files (which the system takes back).',
    ['kind'],
  ),
  cassfs_event_loop_busy_seconds_total: counter('Time that the event loop was not waiting.'),
  cassfs_event_loop_lag_max_seconds: gauge(
    'The longest that the event loop was late, since the last scrape.',
  ),
}

/** What `cassfs status` tells. */
export const statusMetrics = { ...mount, ...store, ...volume, ...lease, ...files }

/** What is known of the process besides. */
export const processMetrics = program

/** In the order in which they are listed. */
export const metricGroups: Readonly<Record<string, Readonly<Record<string, MetricFacts>>>> = {
  'The mount': mount,
  'The store': store,
  'The volume, and changes to it': volume,
  'The write lease, and what is not safe yet': lease,
  'Files and their content': files,
  'The process': program,
}

/** What a status tells and no metric does, by its path, and why. */
export const leftOut: Readonly<Record<string, string>> = {
  'store.lastError': 'a text',
  'writeLease.holder': 'a name that changes',
  'rescue.folder': 'a text',
  'counts.requests.requests': 'the sum of cassfs_requests_total',
  'counts.replica.seq': 'cassfs_volume_seq',
  'counts.replica.inodes': 'cassfs_volume_used_inodes',
  'counts.replica.queued': 'cassfs_changes_pending',
  'counts.early.journalBytes': 'cassfs_journal_bytes',
  'counts.early.uncommitted': 'cassfs_uncommitted_changes',
  'counts.early.uncommittedBytes': 'cassfs_uncommitted_bytes',
  'counts.early.oldestMs': 'cassfs_oldest_uncommitted_age_seconds',
  'counts.early.lost': 'cassfs_lost_changes_total',
}

/** Counts up from the start of the mount. */
function counter(help: string, labels: readonly string[] = []): MetricFacts {
  return { type: 'counter', help, labels }
}

/** Goes up and down. */
function gauge(help: string, labels: readonly string[] = []): MetricFacts {
  return { type: 'gauge', help, labels }
}
