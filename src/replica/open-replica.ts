// Opens a volume for one process: announces itself, loads the volume, follows it. What each part does
// is told in its own file and in README.md.

import { Errno, FsError } from '../posix/errno.js'
import { memoryCopies } from '../tables/copies.js'
import type { Tables } from '../tables/tables.js'
import { systemClock } from '../volume/clock.js'
import type { Head } from '../volume/head.js'
import { newUuid } from '../volume/uuid.js'
import { Committed, type Source } from './committed.js'
import { longAgo, type Moment, momentOf } from './contact.js'
import { Coverage } from './coverage.js'
import { type LoadContext, loadCopy, readHead, readLog } from './load.js'
import { type Protocol, protocol as soundProtocol } from './protocol.js'
import { Redelivered } from './redelivered.js'
import type { Replica } from './replica.js'
import {
  defaultLimits,
  type ReplicaLimits,
  type ReplicaOptions,
  type Settings,
  silentLogger,
} from './replica-options.js'
import { Session } from './session.js'
import { VolumeReplica } from './volume-replica.js'

/** Opens a replica. Throws FsError ENOENT where there is no such volume, EIO where that is unknown. */
export function openReplica<Intent>(options: ReplicaOptions<Intent>): Promise<Replica<Intent>> {
  return openReplicaWith(options, soundProtocol)
}

/** As `openReplica`, with another protocol: only for the simulation, which shows what then breaks. */
export async function openReplicaWith<Intent>(
  options: ReplicaOptions<Intent>,
  protocol: Protocol,
): Promise<Replica<Intent>> {
  const stop = new AbortController()
  const settings = complete(options, protocol, stop)
  try {
    return await open(settings)
  } catch (cause) {
    stop.abort()
    await settings.copies.close().catch(() => {})
    if (cause instanceof FsError) throw cause
    throw new FsError(Errno.EIO, 'the volume cannot be opened', { cause })
  }
}

function complete<Intent>(
  options: ReplicaOptions<Intent>,
  protocol: Protocol,
  stop: AbortController,
): Settings<Intent> {
  return {
    clock: systemClock,
    random: Math.random,
    newUuid,
    logger: silentLogger,
    entryTtlMs: 1000,
    copies: memoryCopies(),
    pins: () => [],
    isHeld: () => false,
    isBusy: () => false,
    onIdle: () => {},
    onLost: () => {},
    onLosing: () => undefined,
    onSpared: () => {},
    journals: undefined,
    writeLease: true,
    freeBytes: () => undefined,
    leaseRules: {},
    ...options,
    ...defaultLimits,
    ...options.limits,
    redelivered: new Redelivered(options.takesOver),
    protocol,
    stop,
    signal: stop.signal,
  }
}

async function open<Intent>(settings: Settings<Intent>): Promise<Replica<Intent>> {
  const head = await readHead(settings)
  if (!head) throw noVolume(settings)
  // The session comes first: what the load is about to see must not be collected under it.
  let seq = (): number => head.seq
  const session = new Session({ ...settings, seq: () => seq() })
  await session.open()
  try {
    const { source, asOf } = await load(settings, head)
    const loaded = source.tables.head()
    if (!loaded) throw noVolume(settings)
    const committed = new Committed(source, loaded, settings)
    await settings.redelivered.noteLog(settings, loaded.seq)
    seq = () => committed.head.seq
    return await begin(new VolumeReplica(settings, committed, session, asOf))
  } catch (error) {
    await session.close().catch(() => {})
    throw error
  }
}

async function begin<Intent>(replica: VolumeReplica<Intent>): Promise<Replica<Intent>> {
  try {
    await replica.begin()
    return replica
  } catch (error) {
    await replica.close(0)
    throw error
  }
}

/** Where the records are, and when they were what the store had; `head` was read lately. */
async function load(
  settings: LoadContext & ReplicaLimits,
  lately: Head,
): Promise<{ source: Source; asOf: Moment }> {
  const { store, volume, copies, clock, wholeInodesMax } = settings
  const asOf = momentOf(clock)
  const shared = store.tables?.(volume)
  if (shared) return { source: { kind: 'shared', tables: shared }, asOf }
  const kept = copies.kept()
  if (kept && (await goesOn(settings, kept, lately)))
    return { source: { kind: 'copy', tables: kept }, asOf: longAgo }
  if (kept) copies.drop(kept)
  const head = await readHead(settings)
  if (!head) throw noVolume(settings)
  if (head.usedInodes > wholeInodesMax) {
    const tables = copies.create()
    tables.apply([], [], head)
    return { source: { kind: 'copy', tables, coverage: new Coverage() }, asOf }
  }
  const tables = await loadCopy(settings)
  if (!tables) throw noVolume(settings)
  copies.keep(tables)
  return { source: { kind: 'copy', tables }, asOf }
}

/**
 * False for a copy of a large volume whose next entry is not in the log any more: it would have to be
 * loaded whole before the first answer. Whatever else is wrong with it is found when it is followed.
 */
async function goesOn(
  settings: LoadContext & ReplicaLimits,
  kept: Tables,
  lately: Head,
): Promise<boolean> {
  const seq = kept.head()?.seq ?? 0
  if (lately.usedInodes <= settings.wholeInodesMax || lately.seq <= seq) return true
  const [next] = await readLog(settings, seq)
  return next?.seq === seq + 1
}

function noVolume({ volume }: { volume: string }): FsError {
  return new FsError(Errno.ENOENT, `there is no volume ${volume}`)
}
